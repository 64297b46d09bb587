import { type Node, sizeOf } from '../graph/value';

/** Multiplications and additions of a node, roughly: products by their sizes, everything else one for each element. */
export function workOf({ op, inputs, outputs }: Node): number {
  const results = outputs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  if (op === 'MatMul') return 2 * results * (inputs[0]!.shape.at(-1) ?? 1);
  // A filter [out, in, …] is used once for each element of the result, but for its first axis.
  if (op === 'Conv' || op === 'ConvTranspose') return 2 * Math.max(results, sizeOf(inputs[0]!.shape)) * sizeOf(inputs[1]!.shape.slice(1));
  return results;
}

/** Steps with less work than this are faster on one thread: many small operators cost more to share than they gain (measured: 2e8 1.6 times slower on two, 5e9 the same, 4e10 1.6 times faster). */
export const worthThreads = 1e9;

/**
 * Elements of an array from which on a step keeps its memory between runs (an arena), where the runtime's options have none: the C library returns blocks of that size to the system, and
 * a third of a convnet's time went to getting their pages again (measured: arrays of 20 MB, 235 ms of processor time for 170, the same peak of memory; arrays of 8 MB, no gain).
 */
export const worthKeeping = 2 ** 22;
