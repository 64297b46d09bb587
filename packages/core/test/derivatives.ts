import { add, dispose, mul, type Scalar, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { valueAndGradients } from '../src/gradients';
import { addParams, flatten, mapParams, type Params, zipParams } from '../src/params';
import { random } from '../src/random';

/** Σ of the products of corresponding leaves. */
export function inner(a: Params, b: Params): Scalar {
  const products = [...flatten(zipParams(a, [b], ([x, y]) => sum(mul(x!, y!)))).values()];
  return products.reduce((x, y) => add(x, y)) as Scalar;
}

/** A direction of the same structure, normal. */
export function direction<P extends Params>(params: P, seed: string): P {
  let index = 0; // not the path: names of tf.layers count the layers made before
  return mapParams(params, (leaf) => random(seed).fold(index++).normal(leaf.shape));
}

/** Checks ⟨∇f, v⟩ and, for second order, uᵀ∇²f·v against central differences of f and of ∇f. Returns the values found. */
export function expectDerivatives<P extends Params>(
  f: (params: P) => Scalar,
  params: P,
  { order = 2, step = 1e-2, tolerance = 5e-3 }: { order?: 1 | 2; step?: number; tolerance?: number } = {},
): { first: number; second?: number } {
  const v = direction(params, 'v');
  const u = direction(params, 'u');
  const along = (g: (p: P) => Scalar, d: P): number => {
    const at = (epsilon: number) =>
      tidy(
        () =>
          g(
            addParams(
              params,
              mapParams(d, (leaf) => mul(leaf, epsilon)),
            ),
          ).dataSync()[0]!,
      );
    // Fourth order, so that the step can be wide enough for float32.
    return (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
  };
  const slope = (p: P): Scalar => inner(valueAndGradients(f, p).gradients, v);
  const first = tidy(() => slope(params).dataSync()[0]!);
  close(first, along(f, v), tolerance, 'first order');
  if (order === 1) {
    dispose([u, v] as never);
    return { first };
  }
  const second = tidy(() => inner(valueAndGradients(slope, params).gradients, u).dataSync()[0]!);
  close(second, along(slope, u), tolerance, 'second order');
  dispose([u, v] as never);
  return { first, second };
}

export function close(got: number, expected: number, tolerance: number, name: string): void {
  expect(Math.abs(got - expected), `${name}: got ${got}, differences give ${expected}`).toBeLessThanOrEqual(
    tolerance * Math.max(1, Math.abs(expected)),
  );
}

/** Σ of a fixed random weighting of an output and of its squares: depends on every element, with curvature. */
export function weighted(output: Tensor, seed = 'weights'): Scalar {
  const weights = random(seed).normal(output.shape);
  return sum(mul(add(output, mul(mul(output, output), 0.3)), weights)) as Scalar;
}
