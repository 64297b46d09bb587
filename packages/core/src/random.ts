import {
  backend as activeBackend,
  engine,
  getBackend,
  getKernel,
  registerKernel,
  type Tensor,
  type Tensor1D,
  type TensorInfo,
  tensor1d,
} from '@tensorflow/tfjs-core';
import { bernoulliDraws, foldKey, type Key, normalDraws, seedKey, uniformDraws } from './host-random';
import { readInKernel } from './kernel';

/**
 * A stream of random numbers that is a pure function of its key: stateless, splittable, the same bits on the host, on every backend and inside
 * a traced graph. Asking twice gives the same numbers twice; `fold` makes other streams.
 */
export interface Random {
  /** Two 32-bit words, or the same as an int32 tensor [2], which a compiled step takes as an input. */
  readonly key: Key | Tensor1D;
  fold(id: number | string): Random;
  /** float32 in [0, 1). */
  uniform(shape: readonly number[]): Tensor;
  /** float32, mean 0, variance 1. */
  normal(shape: readonly number[]): Tensor;
  /** float32: 1 with `probability` (to 2⁻¹⁶), else 0. The cheapest draw: masks of dropout are made of it. */
  bernoulli(probability: number, shape: readonly number[]): Tensor;
}

/** A stream from a seed, or from a key made before. Inside a compiled step the key must be a tensor input: a constant would freeze one draw. */
export function random(seed: number | string | Key | Tensor1D): Random {
  const key = typeof seed === 'number' || typeof seed === 'string' ? seedKey(seed) : seed;
  const draw = (attributes: DrawAttributes): Tensor => {
    ensureKernel();
    if (!isHostKey(key)) return engine().runKernel(randomKernel, { key }, attributes as never) as Tensor;
    const constant = keyTensor(key);
    const drawn = engine().runKernel(randomKernel, { key: constant }, attributes as never) as Tensor;
    constant.dispose();
    return drawn;
  };
  return {
    key,
    fold: (id) => random(isHostKey(key) ? foldKey(key, id) : (draw({ draw: 'fold', id, shape: [2] }) as Tensor1D)),
    uniform: (shape) => draw({ draw: 'uniform', shape }),
    normal: (shape) => draw({ draw: 'normal', shape }),
    bernoulli: (probability, shape) => draw({ draw: 'bernoulli', probability, shape }),
  };
}

/** A key as the tensor that a compiled step takes. */
export function keyTensor(key: Key): Tensor1D {
  return tensor1d(Int32Array.from(key), 'int32');
}

/** The name of the one kernel behind `Random`; a tracer brings its own for its backend name. */
export const randomKernel = 'TaskloomRandom';

export type DrawAttributes =
  | { readonly draw: 'fold'; readonly id: number | string; readonly shape: readonly number[] }
  | { readonly draw: 'uniform' | 'normal'; readonly shape: readonly number[] }
  | { readonly draw: 'bernoulli'; readonly probability: number; readonly shape: readonly number[] };

/** Whether the key's words are known on the host. */
export function isHostKey(key: Key | Tensor1D): key is Key {
  return Array.isArray(key);
}

function drawn(key: Key, count: number, attributes: Exclude<DrawAttributes, { readonly draw: 'fold' }>): Float32Array {
  if (attributes.draw === 'bernoulli') return bernoulliDraws(key, count, attributes.probability);
  return attributes.draw === 'uniform' ? uniformDraws(key, count) : normalDraws(key, count);
}

function ensureKernel(): void {
  activeBackend(); // starts one if none has started
  const backendName = getBackend();
  if (getKernel(randomKernel, backendName)) return;
  registerKernel({
    kernelName: randomKernel,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const words = readInKernel(backend, (inputs as { key: TensorInfo }).key) as Int32Array;
      const key: Key = [words[0]!, words[1]!];
      const attributes = attrs as unknown as DrawAttributes;
      const shape = [...attributes.shape];
      const count = shape.reduce((a, b) => a * b, 1);
      const write = (backend as unknown as { write(values: unknown, shape: number[], dtype: string): object }).write.bind(backend);
      if (attributes.draw === 'fold')
        return { dataId: write(Int32Array.from(foldKey(key, attributes.id)), [2], 'int32'), shape: [2], dtype: 'int32' };
      return { dataId: write(drawn(key, count, attributes), shape, 'float32'), shape, dtype: 'float32' };
    },
  });
}
