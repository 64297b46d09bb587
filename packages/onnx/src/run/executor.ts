import {
  type Compiled,
  disposeParams,
  type Executor,
  type Feed,
  type Host,
  type HostArray,
  mapTree,
  type Params,
  readTree,
  TaskloomError,
  type Tree,
} from '@taskloom/core';
import { Tensor } from '@tensorflow/tfjs-core';
import type { Layout } from '../passes/pack-state';
import { mapLeaves } from '../trace/leaves';
import { type Signature, trace } from '../trace/trace';
import { arrangement } from './arrangement';
import { largeConstants } from './large-constants';
import { lowered } from './lowered';
import type { Runtime, SessionOptions } from './runtime';
import { type CompileWarning, keyOf, shapeHistory } from './shapes';
import { copied, loadStages, type Ready, release, runStep, signatureOf } from './step';

export interface CompileOptions {
  /** Told of constants above 1 MB, of inputs whose shape keeps changing, and of a cache that cannot be written. Default: nobody. */
  readonly onWarning?: (warning: CompileWarning) => void;
  /** How many shapes of the inputs are kept compiled; the one used longest ago goes first. Default 16. */
  readonly shapes?: number;
}

/** Tracing looks at shapes only. */
const nothing = new Float32Array(0);

/** An executor that traces each step once per shape of its inputs and has `runtime` run the graphs and keep the state. */
export function compiling(
  name: string,
  start: () => Promise<Runtime>,
  sessionOptions: SessionOptions,
  { onWarning, shapes: kept = 16 }: CompileOptions = {},
): Executor {
  return {
    name,
    async compile<S extends Params, I extends Tree<Tensor>, O extends Tree<Tensor>>(
      fn: (state: S, inputs: I) => { state: S; outputs: O },
      options: { readonly state: S },
    ): Promise<Compiled<S, I, O>> {
      const runtime = await start();
      const state = arrangement(runtime);
      /** How the state of a signature is arranged, as its first trace had it. */
      const layouts = new Map<string, Layout>();
      let signature: ReadonlyMap<string, Signature> = new Map();
      let key = '';
      /** The tree with a path at each leaf: branches without leaves are part of what the step sees. */
      let skeleton: Tree<string> = {};
      const ready = new Map<string, Ready>();
      const notice = shapeHistory(onWarning);
      /** Each shape of the inputs is traced, and has the same constants. */
      const told = new Set<string>();
      let queue: Promise<unknown> = Promise.resolve();
      let disposed = false;

      const sign = (next: ReadonlyMap<string, Signature>) => {
        signature = next;
        key = keyOf(next);
      };
      /** The arrays are taken over. */
      const replace = async (next: Tree<HostArray>) => {
        const flat = leaves(next);
        skeleton = mapTree(next, (_, path) => path);
        await state.replace(flat);
        sign(new Map([...flat].map(([path, { shape, dtype }]) => [path, { shape: [...shape], dtype }])));
      };

      const prepare = async (inputs: Tree<HostArray>): Promise<Ready> => {
        notice(leaves(inputs));
        const traced = trace(
          fn,
          mapLeaves(skeleton, (path) => ({ ...signature.get(path)!, data: nothing })),
          inputs,
        );
        for (const message of largeConstants(traced)) {
          if (!told.has(message)) onWarning?.({ code: 'large_constant', message });
          told.add(message);
        }
        const known = layouts.get(key);
        const make = () => lowered(traced, known);
        const { program, layout } = runtime.programs ? await runtime.programs.of(traced, known, make) : make();
        layouts.set(key, layout);
        return loadStages(program, { layout, nextSignature: signatureOf(traced) }, runtime, sessionOptions);
      };

      const step = async (given: Feed<I>): Promise<Host<O>> => {
        const inputs = await hostTree(given as Tree<HostArray | Tensor>);
        const fed = leaves(inputs);
        const shapes = `${key}|${keyOf(fed)}`;
        const entry = ready.get(shapes) ?? (await prepare(inputs));
        ready.delete(shapes);
        ready.set(shapes, entry); // the most recent is last
        if (ready.size > kept) {
          const [oldest, old] = ready.entries().next().value!;
          ready.delete(oldest);
          await release(old);
        }
        const result = await runStep(entry, await state.arranged(entry.layout), fed, runtime);
        state.become(result.state);
        if (entry.nextSignature !== signature) sign(entry.nextSignature);
        return result.outputs as Host<O>;
      };

      const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
        const result = queue.then(() => {
          if (disposed) throw new TaskloomError('disposed', 'This compiled step was disposed.', { name: 'compile' });
          return work();
        });
        queue = result.catch(() => {});
        return result;
      };
      await replace(await taken(options.state));
      return Object.assign((inputs: Feed<I>) => inTurn(() => step(inputs)), {
        readState: () =>
          inTurn(async () => {
            const byPath = await state.read();
            return mapLeaves(skeleton, (path) => byPath.get(path)!) as Host<S>;
          }),
        load: (next: Feed<S>) => inTurn(async () => replace(mapTree(await hostTree(next as Tree<HostArray | Tensor>), copied))),
        dispose() {
          if (disposed) return;
          disposed = true;
          queue = queue.then(async () => {
            for (const entry of ready.values()) await release(entry);
            await runtime.dispose();
          });
          queue.catch(() => {}); // A worker that was lost has nothing left to release.
        },
      });
    },
  };
}

/** Copies of the leaves, each disposed of once it is copied: the engine never holds the whole state twice. */
async function taken(state: Params): Promise<Tree<HostArray>> {
  const tensors = new Set<Tensor>();
  mapTree<Tensor, void>(state, (leaf) => void tensors.add(leaf));
  const arrays = new Map<Tensor, HostArray>();
  try {
    for (const tensor of tensors) {
      arrays.set(tensor, (await readTree(tensor)) as HostArray);
      tensor.dispose();
    }
  } finally {
    disposeParams(state);
  }
  return mapTree<Tensor, HostArray>(state, (leaf) => arrays.get(leaf)!);
}

function leaves(tree: Tree<HostArray>): Map<string, HostArray> {
  const flat = new Map<string, HostArray>();
  mapTree(tree, (leaf, path) => void flat.set(path, leaf));
  return flat;
}

async function hostTree(tree: Tree<HostArray | Tensor>): Promise<Tree<HostArray>> {
  const read = new Map<Tensor, HostArray>();
  const tensors: Tensor[] = [];
  mapTree(tree, (leaf) => void (leaf instanceof Tensor && tensors.push(leaf)));
  for (const tensor of tensors) read.set(tensor, (await readTree(tensor)) as HostArray);
  return mapTree(tree, (leaf) => (leaf instanceof Tensor ? read.get(leaf)! : leaf));
}
