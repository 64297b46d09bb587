import { memory, Tensor } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

type Numbers = Tensor | ArrayLike<number>;

/** |actual − expected| ≤ tolerance · (1 + |expected|) everywhere, and equal shapes where both are tensors. */
export function expectAllClose(actual: Numbers, expected: Numbers, tolerance = 1e-5): void {
  if (actual instanceof Tensor && expected instanceof Tensor) expect(actual.shape).toEqual(expected.shape);
  const [a, e] = [actual, expected].map((x) => (x instanceof Tensor ? x.dataSync() : x)) as [ArrayLike<number>, ArrayLike<number>];
  expect(a.length).toBe(e.length);
  for (let i = 0; i < e.length; i++) {
    const [got, wanted] = [a[i]!, e[i]!];
    if (Object.is(got, wanted) || got === wanted || Math.abs(got - wanted) <= tolerance * (1 + Math.abs(wanted))) continue;
    expect.fail(
      `at ${i}: expected ${wanted}, got ${got} (tolerance ${tolerance}); all: ${Array.from(a).slice(0, 12)} against ${Array.from(e).slice(0, 12)}`,
    );
  }
}

/** Runs `fn` and checks that exactly `kept` tensors more are alive after it. */
export function expectTensors<T>(fn: () => T, kept: number): T {
  const before = memory().numTensors;
  const check = () => expect(memory().numTensors - before, 'tensors kept').toBe(kept);
  const result = fn();
  if (result instanceof Promise)
    return result.then((value) => {
      check();
      return value;
    }) as T;
  check();
  return result;
}
