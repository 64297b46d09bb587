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
  unflatten,
} from '@taskloom/core';
import { Tensor } from '@tensorflow/tfjs-core';
import type { Value } from '../graph/value';
import { inputName, stateName, trace } from '../trace/trace';
import { type Program, program } from './program';
import type { LoadedModel, Runtime } from './runtime';

/** What a compiled step has to say without failing. */
export interface CompileWarning {
  readonly code: 'large_constant' | 'many_shapes';
  readonly message: string;
}

export interface CompileOptions {
  /** Told of captured tensors above 1 MB and of inputs whose shape keeps changing. Default: nobody. */
  readonly onWarning?: (warning: CompileWarning) => void;
  /** How many shapes of the inputs are kept compiled; the one used longest ago goes first. Default 16. */
  readonly shapes?: number;
}

interface Ready {
  readonly program: Program;
  readonly models: readonly (LoadedModel | undefined)[];
  readonly nextSignature: string;
}

const largeConstant = 1024 * 1024;

/** An executor that traces each step once per shape of its inputs and has `runtime` run the graphs. */
export function compiling(name: string, runtime: () => Promise<Runtime>, { onWarning, shapes: kept = 16 }: CompileOptions = {}): Executor {
  return {
    name,
    async compile<S extends Params, I extends Tree<Tensor>, O extends Tree<Tensor>>(
      fn: (state: S, inputs: I) => { state: S; outputs: O },
      options: { readonly state: S },
    ): Promise<Compiled<S, I, O>> {
      const engine = await runtime();
      let state = leaves((await readTree(options.state)) as Tree<HostArray>);
      disposeParams(options.state);
      let signature = signatureOf(state);
      const ready = new Map<string, Ready>();
      const seen: Map<string, HostArray>[] = [];
      let queue: Promise<unknown> = Promise.resolve();
      let disposed = false;

      const prepare = async (inputs: Tree<HostArray>, key: string): Promise<Ready> => {
        warnOfShapes(seen, leaves(inputs), onWarning);
        const traced = trace(fn, unflatten(state) as Tree<HostArray>, inputs);
        for (const { bytes, shape } of traced.captured)
          if (bytes > largeConstant)
            onWarning?.({
              code: 'large_constant',
              message: `A tensor [${shape.join(', ')}] of ${(bytes / largeConstant).toFixed(1)} MB that the step captured is part of the compiled graph; pass it as an input or as state.`,
            });
        const made = program(traced, (nameOf) => mapValues(traced.outputs, nameOf));
        const models: (LoadedModel | undefined)[] = [];
        for (const stage of made.stages) models.push(stage.kind === 'graph' ? await engine.load(stage.model) : undefined);
        const nextSignature = signatureOf(new Map([...traced.nextState].map(([path, value]) => [path, value as unknown as HostArray])));
        const entry = { program: made, models, nextSignature };
        ready.set(key, entry);
        if (ready.size > kept) {
          const [oldest, old] = ready.entries().next().value!;
          ready.delete(oldest);
          await release(old);
        }
        return entry;
      };

      const step = async (given: Feed<I>): Promise<Host<O>> => {
        if (disposed) throw new TaskloomError('disposed', 'This compiled step was disposed.', { name: 'compile' });
        const inputs = await hostTree(given as Tree<HostArray | Tensor>);
        const fed = leaves(inputs);
        const key = `${signature}|${signatureOf(fed)}`;
        let entry = ready.get(key);
        if (entry) {
          ready.delete(key);
          ready.set(key, entry); // the most recent
        } else entry = await prepare(inputs, key);
        const arrays = await run(entry, state, fed);
        state = new Map([...entry.program.nextState].map(([path, name]) => [path, arrays.get(name)!]));
        signature = entry.nextSignature;
        return mapNames(entry.program.outputs, (name) => arrays.get(name)!) as Host<O>;
      };
      const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
        const result = queue.then(work);
        queue = result.catch(() => {});
        return result;
      };
      return Object.assign((inputs: Feed<I>) => inTurn(() => step(inputs)), {
        readState: () =>
          inTurn(async () => unflatten([...state].map(([path, leaf]) => [path, { ...leaf, data: leaf.data.slice() }])) as Host<S>),
        load: (next: Feed<S>) =>
          inTurn(async () => {
            state = new Map(
              [...leaves(await hostTree(next as Tree<HostArray | Tensor>))].map(([path, leaf]) => [
                path,
                { ...leaf, data: leaf.data.slice() },
              ]),
            );
            signature = signatureOf(state);
          }),
        dispose() {
          disposed = true;
          state = new Map();
          void inTurn(async () => {
            for (const entry of ready.values()) await release(entry);
            ready.clear();
          });
        },
      });
    },
  };
}

async function run({ program: { stages, constants }, models }: Ready, state: Map<string, HostArray>, fed: Map<string, HostArray>) {
  const arrays = new Map<string, HostArray>(constants);
  for (const [path, leaf] of state) arrays.set(stateName(path), leaf);
  for (const [path, leaf] of fed) arrays.set(inputName(path), leaf);
  for (const [index, stage] of stages.entries()) {
    if (stage.kind === 'graph') {
      const feeds = Object.fromEntries(stage.inputs.map((name) => [name, arrays.get(name)!]));
      const results = await models[index]!.run(feeds);
      for (const name of stage.outputs) arrays.set(name, results[name]!);
    } else {
      const results = stage.compute(stage.inputs.map((name) => Float64Array.from(arrays.get(name)!.data)));
      for (const [i, { name, shape }] of stage.outputs.entries())
        arrays.set(name, { shape, dtype: 'float32', data: Float32Array.from(results[i]!) });
    }
  }
  return arrays;
}

async function release({ models }: Ready): Promise<void> {
  for (const model of models) await model?.release();
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

function mapValues(tree: Tree<Value>, fn: (value: Value) => string): Tree<string> {
  if ('id' in tree && typeof tree.id === 'number') return fn(tree as Value);
  return Object.fromEntries(Object.entries(tree).map(([name, branch]) => [name, mapValues(branch as Tree<Value>, fn)]));
}

function mapNames(tree: Tree<string>, fn: (name: string) => HostArray): Tree<HostArray> {
  if (typeof tree === 'string') return fn(tree);
  return Object.fromEntries(Object.entries(tree).map(([name, branch]) => [name, mapNames(branch as Tree<string>, fn)]));
}

function signatureOf(flat: ReadonlyMap<string, Pick<HostArray, 'shape' | 'dtype'>>): string {
  let text = '';
  for (const [path, { dtype, shape }] of flat) text += `${path}:${dtype}[${shape}];`;
  return text;
}

/** From the fourth shape on, says which axis keeps changing: once for each doubling. */
function warnOfShapes(seen: Map<string, HostArray>[], now: Map<string, HostArray>, onWarning?: (warning: CompileWarning) => void): void {
  seen.push(now);
  const count = seen.length;
  if (count < 4 || (count & (count - 1)) !== 0) return;
  const changing: string[] = [];
  for (const [path, leaf] of now)
    for (const axis of leaf.shape.keys()) {
      const sizes = new Set(seen.map((past) => past.get(path)?.shape[axis]));
      if (sizes.size > 1) changing.push(`axis ${axis} of '${path}' (${[...sizes].slice(0, 4).join(', ')}, …)`);
    }
  onWarning?.({
    code: 'many_shapes',
    message: `The step was compiled for ${count} shapes: ${changing.join('; ') || 'its state'} keeps changing. Pad to a few lengths.`,
  });
}
