import {
  clone,
  customGrad,
  engine,
  getBackend,
  getKernel,
  registerKernel,
  Tensor,
  type TensorInfo,
  tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import type { HostArray, HostType, Tree } from './host-array';
import { readInKernel } from './kernel';
import { disposeParams, mapParams, mapTree, type Params } from './params';

/** The host's view of a tree of tensors. */
export type Host<T> = T extends Tensor ? HostArray : { readonly [K in keyof T]: Host<T[K]> };
/** What a compiled function takes: host arrays (fed without a copy where the engine can) or tensors. */
export type Feed<T> = T extends Tensor ? HostArray | Tensor : { readonly [K in keyof T]: Feed<T[K]> };

/** A step that the engine keeps the state of. Calls are one after another. */
export interface Compiled<S, I, O> {
  /** Runs one step; outputs come back as host arrays, since the host is who reads them. */
  (inputs: Feed<I>): Promise<Host<O>>;
  /** A copy of the state. */
  readState(): Promise<Host<S>>;
  /** Replaces the state. */
  load(state: Feed<S>): Promise<void>;
  dispose(): void;
}

/** Who runs a pure function (state, inputs) → { state, outputs }: eagerly, or compiled to a graph. */
export interface Executor {
  readonly name: string;
  /** `state` is donated: the engine owns it from here on. */
  compile<S extends Params, I extends Tree<Tensor>, O extends Tree<Tensor>>(
    fn: (state: S, inputs: I) => { state: S; outputs: O },
    options: { readonly state: S },
  ): Promise<Compiled<S, I, O>>;
}

/** Runs on the current TensorFlow.js backend, op by op. */
export function eager(): Executor {
  return {
    name: 'eager',
    async compile<S extends Params, I extends Tree<Tensor>, O extends Tree<Tensor>>(
      fn: (state: S, inputs: I) => { state: S; outputs: O },
      options: { readonly state: S },
    ) {
      let state: Params = options.state;
      const step = async (inputs: Feed<I>): Promise<Host<O>> => {
        const result = tidy(() => {
          const fed = mapTree(inputs as Tree<HostArray | Tensor>, toTensor) as I;
          const next = fn(state as S, fed);
          // A leaf that the step passed through unchanged must survive the disposal of the old state.
          return {
            state: mapTree<Tensor, Tensor>(next.state, (leaf) => leaf.clone()),
            outputs: mapTree<Tensor, Tensor>(next.outputs as Tree<Tensor>, (leaf) => leaf.clone()),
          };
        }) as { state: Params; outputs: Tree<Tensor> };
        disposeParams(state);
        state = result.state;
        const outputs = await readTree(result.outputs);
        disposeParams(result.outputs);
        return outputs as Host<O>;
      };
      return Object.assign(step, {
        readState: async () => (await readTree(state)) as Host<S>,
        async load(next: Feed<S>) {
          const loaded = mapTree(next as Tree<HostArray | Tensor>, (leaf) =>
            leaf instanceof Tensor ? leaf.clone() : toTensor(leaf),
          ) as Params;
          disposeParams(state);
          state = loaded;
        },
        dispose() {
          disposeParams(state);
          state = {};
        },
      });
    },
  };
}

export function toTensor(leaf: HostArray | Tensor): Tensor {
  return leaf instanceof Tensor ? leaf : tensor(leaf.data as never, [...leaf.shape], leaf.dtype);
}

/** Copies of all leaves on the host. */
export async function readTree(tree: Tree<Tensor>): Promise<Tree<HostArray>> {
  const reading = new Map<Tensor, Promise<ArrayLike<number>>>();
  mapTree(tree, (leaf) => void reading.set(leaf, leaf.data()));
  const values = new Map<Tensor, HostArray['data']>();
  for (const [leaf, data] of reading) values.set(leaf, ((await data) as HostArray['data']).slice());
  return mapTree(tree, (leaf) => ({ shape: [...leaf.shape], dtype: leaf.dtype as HostType, data: values.get(leaf)! }));
}

/** The kernel behind `hostCall`; a tracer brings its own for its backend name. */
export const hostCallKernel = 'TaskloomHostCall';

/**
 * A float64 computation on the host in the middle of a step: `compute` gets the values of `inputs` and returns one array per output shape.
 * Direct when eager; a compiler splits the graph in two here. Not differentiable.
 */
export function hostCall(
  inputs: readonly Tensor[],
  outputShapes: readonly (readonly number[])[],
  compute: (inputs: readonly Float64Array[]) => readonly Float64Array[],
): Tensor[] {
  const backendName = getBackend();
  if (!getKernel(hostCallKernel, backendName)) {
    registerKernel({
      kernelName: hostCallKernel,
      backendName,
      kernelFunc: ({ inputs: given, attrs, backend }) => {
        const { shapes, run } = attrs as unknown as { shapes: readonly (readonly number[])[]; run: typeof compute };
        const infos = Object.keys(given)
          .sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)))
          .map((name) => given[name] as TensorInfo);
        const results = run(infos.map((info) => Float64Array.from(readInKernel(backend, info))));
        const write = (backend as unknown as { write(values: unknown, shape: number[], dtype: string): object }).write.bind(backend);
        return shapes.map((shape, i) => ({
          dataId: write(Float32Array.from(results[i]!), [...shape], 'float32'),
          shape: [...shape],
          dtype: 'float32' as const,
        }));
      },
    });
  }
  const named = Object.fromEntries(inputs.map((input, i) => [`x${i}`, input]));
  return engine().runKernel(hostCallKernel, named, { shapes: outputShapes, run: compute } as never) as unknown as Tensor[];
}

/** The kernel behind `again`: a tracer's own, none of any other backend. */
export const againKernel = 'TaskloomAgain';

/**
 * The same tensors. A compiler computes what is made of them anew, beside what is made of those given, and so has nothing to keep from the one to the other: memory for time. Eagerly
 * everything is computed anew.
 */
export function again<P extends Params>(params: P): P {
  if (!getKernel(againKernel, getBackend())) return params;
  const apart = customGrad((x) => ({
    value: engine().runKernel(againKernel, { x: x as Tensor }) as Tensor,
    gradFunc: (dy: Tensor) => clone(dy),
  }));
  return mapParams(params, (leaf) => apart(leaf));
}
