import '@tensorflow/tfjs-backend-cpu';
import {
  type Executor,
  eager,
  type HostArray,
  hostArray,
  hostRandom,
  jacobianMemory,
  mapParams,
  type Params,
  random,
  type Tree,
} from '@taskloom/core';
import { applyUpdates } from '@taskloom/core/optimizers';
import {
  gather,
  matMul,
  mean as meanOf,
  mul,
  scalar,
  setBackend,
  square,
  stack,
  type Tensor,
  type Tensor1D,
  tanh,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ort } from '../../onnx/src/index';
import { trace } from '../../onnx/src/trace/trace';
import { operators } from '../../onnx/test/operators';
import { expectSame } from '../../onnx/test/parity';
import { excessMtl, gradDrop, gradVac, type MultiTaskGradients, mgda, moco, modo, multiTaskGradients } from '../src';
import { trackedByRows, trackedByWeights } from './step-methods';
import { features, headLosses, type Model, model } from './three-tasks';

beforeAll(async () => void (await setBackend('cpu')));

const draw = (seed: string, ...shape: number[]) => hostArray(hostRandom(seed).normal(shape.reduce((a, b) => a * b, 1)), shape);

/** What a variant makes its gradients of. */
interface Given {
  /** Also how the host's state is read and told in each run. */
  readonly common: {
    readonly params: Model;
    readonly tasks: 3;
    readonly present: Tensor1D;
    readonly state: () => never;
    readonly onState: (state: unknown) => void;
    readonly context: () => { readonly step: number };
  };
  readonly losses: (params: Model, batch?: number) => Tensor1D;
  readonly features: (params: Model) => Tensor;
  readonly memory: Params;
  readonly random: ReturnType<typeof random>;
}

interface Variant {
  readonly of: (given: Given) => Omit<MultiTaskGradients<Model, unknown>, 'state'>;
  /** The host's state at first. Default: none. */
  readonly state?: unknown;
  /** How many rows the method carries of the shared leaves. Default: none. */
  readonly carries?: (tasks: number) => number;
}

const tasks = ['one', 'two', 'three'];
const shared = 'shared/**';
const [excess, correction, double] = [excessMtl({ learningRate: 0.1 }), moco(), modo()];
const variants: { readonly [name: string]: Variant } = {
  'rows of the shared leaves': { of: ({ common, losses }) => multiTaskGradients({ ...common, losses, shared, method: mgda() }) },
  'no rows stored': {
    of: ({ common, losses }) => multiTaskGradients({ ...common, losses, shared, method: mgda(), store: 'nothing' }),
  },
  'blocks with a state each': {
    of: ({ common, losses }) => multiTaskGradients({ ...common, losses, shared, method: gradVac({ beta: 0.5 }), blocks: 'leaf' }),
    state: {},
  },
  'at the features': {
    of: ({ common, features }) => multiTaskGradients({ ...common, at: 'features', features, losses: headLosses, method: mgda() }),
  },
  'GradDrop at the parameters': {
    of: ({ common, losses, random }) => multiTaskGradients({ ...common, losses, shared, random, method: gradDrop({ leak: 0.1 }) }),
  },
  'GradDrop at the features': {
    of: ({ common, features, random }) =>
      multiTaskGradients({
        ...common,
        at: 'features',
        features,
        losses: headLosses,
        random,
        method: gradDrop({ level: 'representation' }),
      }),
  },
  ExcessMTL: {
    of: ({ common, losses, memory }) => multiTaskGradients({ ...common, losses, shared, memory, method: excess }),
    state: excess.init(tasks),
    carries: excess.memory,
  },
  MoCo: {
    of: ({ common, losses, memory }) => multiTaskGradients({ ...common, losses, shared, memory, method: correction }),
    state: correction.init(tasks),
    carries: correction.memory,
  },
  'A step of combinations': {
    of: ({ common, losses, memory }) => multiTaskGradients({ ...common, losses, shared, memory, method: trackedByWeights }),
    state: trackedByWeights.init(tasks),
    carries: trackedByWeights.memory,
  },
  'A step of rows on the host': {
    of: ({ common, losses, memory }) => multiTaskGradients({ ...common, losses, shared, memory, method: trackedByRows }),
    state: trackedByRows.init(tasks),
    carries: trackedByRows.memory,
  },
  MoDo: { of: ({ common, losses }) => multiTaskGradients({ ...common, losses, shared, method: double }), state: double.init(tasks) },
};

/** Six steps of descent by a variant: what it gave in each, and the states, on the engine and on the host, that it ended with. */
async function descend(executor: Executor, { of, state: initial = null, carries }: Variant) {
  let at = 0;
  let kept = initial;
  type State = { params: Model; memory: Params };
  const step = ({ params, memory }: State, { x, present, key }: { x: Tensor; present: Tensor1D; key: Tensor1D }) => {
    const hidden = (p: Model, batch = 0) => features(p, gather(x, scalar(batch, 'int32')));
    const { gradients, ...rest } = of({
      common: {
        params,
        tasks: 3,
        present,
        state: () => kept as never,
        onState: (next) => {
          kept = next;
        },
        context: () => ({ step: at }),
      },
      losses: (p, batch) => headLosses(p, hidden(p, batch)),
      features: hidden,
      memory,
      random: random(key),
    });
    const next = applyUpdates(
      params,
      mapParams(gradients, (leaf) => mul(leaf, -0.02)),
    );
    const { losses, gramian, weights, conflict } = rest;
    return { state: { params: next, memory: rest.memory }, outputs: { losses, gramian, weights, conflict, gradients } };
  };
  const params = model();
  const memory = jacobianMemory({ memory: carries }, { shared: params.shared }, tasks.length);
  const compiled = await executor.compile(step as never, { state: { params, memory } as never });
  const outputs: Tree<HostArray>[] = [];
  for (; at < 6; at++) {
    // The second task has no rows in one step.
    const present = hostArray(Float32Array.of(1, at === 3 ? 0 : 1, 1));
    const fed = { x: draw(`x${at}`, 3, 8, 4), present, key: hostArray(Int32Array.from(hostRandom('key').fold(at).key)) };
    outputs.push((await compiled(fed as never)) as Tree<HostArray>);
  }
  const state = (await compiled.readState()) as Tree<HostArray>;
  compiled.dispose();
  return { outputs, state, host: numbersOf(kept) };
}

/** All numbers in a state of any form. */
function numbersOf(state: unknown): number[] {
  if (typeof state === 'number') return [state];
  if (ArrayBuffer.isView(state)) return Array.from(state as Float64Array);
  return state && typeof state === 'object' ? Object.values(state).flatMap(numbersOf) : [];
}

it.each(Object.entries(variants))('%s: six steps compiled are those made eagerly', async (_, variant) => {
  const wanted = await descend(eager(), variant);
  const got = await descend(ort({ threads: 1 }), variant);
  for (const [at, outputs] of wanted.outputs.entries()) expectSame(got.outputs[at]!, outputs, 1e-5);
  expectSame(got.state, wanted.state, 1e-5);
  expect(got.host.length).toBe(wanted.host.length);
  for (const [i, value] of wanted.host.entries()) expect(Math.abs(got.host[i]! - value)).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(value)));
});

describe('one trace', () => {
  /** How often an operator stands in the step of so many tasks on two tanh layers. */
  function count(op: string, tasks: number, store: 'rows' | 'nothing', features: boolean): number | undefined {
    type P = { trunk: { a: Tensor; b: Tensor }; heads: { [task: string]: Tensor } };
    const hidden = ({ trunk }: P, x: Tensor) => tanh(matMul(tanh(matMul(x, trunk.a)), trunk.b));
    const each = ({ heads }: P, z: Tensor) => stack(Object.values(heads).map((head) => meanOf(square(matMul(z, head))))) as Tensor1D;
    const step = ({ params }: { params: P }, { x }: { x: Tensor }) => {
      const made = features
        ? multiTaskGradients({ at: 'features', features: (p: P) => hidden(p, x), losses: each, params, tasks, method: mgda() })
        : multiTaskGradients({ losses: (p: P) => each(p, hidden(p, x)), params, tasks, method: mgda(), shared: 'trunk/**', store });
      return { state: { params: made.gradients }, outputs: { losses: made.losses } };
    };
    const heads = Object.fromEntries(Array.from({ length: tasks }, (_, i) => [`task${i}`, draw(`task${i}`, 5, 1)]));
    const state = { params: { trunk: { a: draw('a', 4, 6), b: draw('b', 6, 5) }, heads } };
    return operators(trace(step as never, state as never, { x: draw('x', 8, 4) }))[op];
  }

  it.each([
    ['rows', 'rows', false, 2],
    // Once for all tasks, and again for the update: activations are not kept for it.
    ['no rows stored', 'nothing', false, 4],
    ['at the features', 'rows', true, 2],
  ] as const)('shares the forward pass between tasks and passes: %s', (_, store, features, layers) => {
    expect([1, 4].map((tasks) => count('Tanh', tasks, store, features))).toEqual([layers, layers]);
    expect(count('HostCall', 4, store, features)).toBe(1);
  });
});
