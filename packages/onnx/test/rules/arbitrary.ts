import { type HostArray, hostArray } from '@taskloom/core';
import fc from 'fast-check';

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Shapes of up to `maxRank` axes, some of size 1 and 0. */
export const shapes = ({ minRank = 0, maxRank = 4 } = {}): fc.Arbitrary<number[]> =>
  fc.array(fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 1, max: 4 }) }, { weight: 1, arbitrary: fc.constant(0) }), {
    minLength: minRank,
    maxLength: maxRank,
  });

/** Two shapes that can be broadcast: axes missing in front or of size 1 on either side. */
export const broadcastPairs: fc.Arbitrary<[number[], number[]]> = shapes({ maxRank: 3 }).chain((shape) => {
  const side = fc
    .tuple(fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }), fc.integer({ min: 0, max: shape.length }))
    .map(([repeated, missing]) => shape.map((length, axis) => (repeated[axis] ? 1 : length)).slice(missing));
  return fc.tuple(side, side);
});

const special = [-0, 0, 1, -1, 0.5, -0.5, 1e-7, -20, 30, -100, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

/**
 * float32 arrays of a shape: 64ths in [low, high], of which quotients and remainders are the same in both precisions, and, where asked, infinities,
 * zeros of both signs and what overflows.
 */
export function floats(shape: readonly number[], low = -4, high = 4, specials = false): fc.Arbitrary<HostArray> {
  const plain = fc.integer({ min: low * 64, max: high * 64 }).map((n) => n / 64);
  return array(shape, specials ? fc.oneof({ weight: 3, arbitrary: plain }, fc.constantFrom(...special)) : plain, (v) =>
    Float32Array.from(v),
  );
}

/** int32 arrays of small numbers and, where asked, some near the ends of the type. */
export function integers(shape: readonly number[], ends = false): fc.Arbitrary<HostArray> {
  const small = fc.integer({ min: -9, max: 9 });
  const large = fc.constantFrom(-2147483648, -2147483647, 2147483647, 1073741824);
  return array(shape, ends ? fc.oneof({ weight: 4, arbitrary: small }, large) : small, (v) => Int32Array.from(v));
}

export function booleans(shape: readonly number[]): fc.Arbitrary<HostArray> {
  return array(shape, fc.integer({ min: 0, max: 1 }), (v) => Uint8Array.from(v));
}

function array(
  shape: readonly number[],
  element: fc.Arbitrary<number>,
  make: (values: number[]) => HostArray['data'],
): fc.Arbitrary<HostArray> {
  const length = size(shape);
  return fc.array(element, { minLength: length, maxLength: length }).map((values) => hostArray(make(values), shape));
}

/** Distinct axes of a tensor of this rank, counted from the front or, negative, from the back; or all of them. */
export function someAxes(rank: number): fc.Arbitrary<number[] | undefined> {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  const chosen = fc
    .tuple(fc.subarray(axes), fc.array(fc.boolean(), { minLength: rank, maxLength: rank }))
    .map(([taken, fromBack]) => taken.map((axis) => (fromBack[axis] ? axis - rank : axis)));
  return fc.oneof({ weight: 5, arbitrary: chosen }, { weight: 1, arbitrary: fc.constant(undefined) });
}
