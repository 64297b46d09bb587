import { type HostArray, hostArray, hostRandom, type Tree, valueAndGradients } from '@taskloom/core';
import { add, getBackend, mul, type Scalar, sum, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { ort } from '../../src/index';
import { expectParity } from '../parity';
import { expectSameByLeaf } from './same-by-leaf';

type Tensors = { readonly [name: string]: Tensor };

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** A float array of normal numbers. */
export function normal(seed: string, shape: readonly number[]): HostArray {
  return hostArray(hostRandom(seed).normal(size(shape)), shape);
}

/** Σ w·y over fixed weights, so that no element of a gradient is like another. */
function weighted(y: Tensor): Scalar {
  return sum(
    mul(
      y,
      tensor(
        Float32Array.from({ length: y.size }, (_, i) => Math.cos(i + 1)),
        y.shape,
      ),
    ),
  ) as Scalar;
}

/** For ops that are wrong or missing on the cpu backend: the same written otherwise is what a compiled `op` is compared with. */
export function insteadOnCpu<T>(written: () => T, op: () => T): T {
  return getBackend() === 'cpu' ? written() : op();
}

/**
 * Values, first and second derivatives of `op` with respect to `variables` agree with eager ones. The loss is quadratic in the op's result, so that
 * even a linear op has second derivatives. Of what has no elements only values are compared: eagerly, `sum` has no gradient there.
 */
export async function expectDerivatives(
  op: (variables: Tensors, fixed: Tensors) => Tensor,
  variables: { readonly [name: string]: HostArray },
  fixed: { readonly [name: string]: HostArray } = {},
  { tolerance = 2e-5, threads = 1 }: { tolerance?: number; threads?: number } = {},
): Promise<void> {
  const step = (state: Tensors, { variables: p, fixed: c }: { variables: Tensors; fixed: Tensors }) => {
    const y = op(p, c);
    if ([y, ...Object.values(p)].some((tensor) => tensor.size === 0)) return { state, outputs: { y } };
    const loss = (q: Tensors) => {
      const y = op(q, c);
      return add(weighted(y), weighted(mul(y, y))) as Scalar;
    };
    const first = (q: Tensors) => valueAndGradients(loss, q).gradients as Tensors;
    const second = valueAndGradients(
      (q: Tensors) => Object.values(first(q)).reduce((total, g) => add(total, weighted(mul(g, g))), sum(0)) as Scalar,
      p,
    ).gradients;
    return { state, outputs: { y, first: first(p), second } };
  };
  await expectParity(step as never, { unused: hostArray(Float32Array.of(0)) }, [{ variables, fixed } as unknown as Tree<HostArray>], {
    tolerance,
    executor: ort({ threads }),
    compare: expectSameByLeaf,
  });
}

/** Results of ops on anything, without derivatives. */
export async function expectValues(
  op: (inputs: Tensors) => Tensor | readonly Tensor[],
  inputs: { readonly [name: string]: HostArray },
  tolerance = 0,
): Promise<void> {
  const step = (state: Tensors, given: Tensors) => {
    const result = [op(given)].flat() as Tensor[];
    return { state, outputs: Object.fromEntries(result.map((y, i) => [`y${i}`, y])) };
  };
  await expectParity(step as never, { unused: hostArray(Float32Array.of(0)) }, [inputs], { tolerance });
}
