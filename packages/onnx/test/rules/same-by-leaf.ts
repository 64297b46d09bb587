import { flatten, type HostArray, type Tree } from '@taskloom/core';
import { expectSame } from '../parity';

/** `expectSame` for sums of many large terms: differences are measured against the largest value of a leaf, and against 1. */
export function expectSameByLeaf(got: Tree<HostArray>, wanted: Tree<HostArray>, tolerance: number): void {
  const leaves = flatten<HostArray>({ root: wanted });
  for (const [path, leaf] of flatten<HostArray>({ root: got })) {
    const other = leaves.get(path);
    if (!other) continue;
    const largest = (other.data as Float32Array).reduce(
      (most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most),
      1,
    );
    expectSame(leaf, other, tolerance * largest);
  }
  expectSame(got, wanted, Number.POSITIVE_INFINITY); // the same leaves
}
