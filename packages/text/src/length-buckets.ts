import { TaskloomError } from '@taskloom/core/host';

export type LengthBucketsOptions = {
  /** Longest length given; what is longer is truncated to it. @default the longest */
  readonly maximum?: number;
  /** Every boundary is rounded up to a multiple of this. @default 1 */
  readonly multipleOf?: number;
} & (
  | { /** The padded lengths, ascending. */ readonly boundaries: readonly number[]; readonly count?: undefined }
  | {
      /** How many padded lengths at most; they are chosen so that padding is least. */ readonly count: number;
      readonly boundaries?: undefined;
    }
);

export interface LengthBuckets {
  /** The padded lengths, ascending: all the shapes a model will see. */
  readonly boundaries: readonly number[];
  /** For each of `lengths`, the index of its bucket. */
  readonly buckets: Int32Array;
  /** How many of `lengths` are longer than the last boundary. */
  readonly truncated: number;
  /** The padded length for a row of `length`: the least boundary that holds it, or the last. */
  paddedLength(length: number): number;
}

/** A bounded number of padded lengths, so that few shapes are compiled and little is padding. */
export function lengthBuckets(lengths: ArrayLike<number>, options: LengthBucketsOptions): LengthBuckets {
  const { multipleOf = 1 } = options;
  let longest = 1;
  for (let i = 0; i < lengths.length; i++) longest = Math.max(longest, lengths[i]!);
  const maximum = Math.max(1, Math.min(longest, options.maximum ?? longest));
  const boundaries = options.boundaries ? checkBoundaries(options.boundaries) : leastPadding(lengths, options.count, maximum, multipleOf);
  const bucketOf = (length: number) => {
    const index = boundaries.findIndex((boundary) => length <= boundary);
    return index < 0 ? boundaries.length - 1 : index;
  };
  const buckets = new Int32Array(lengths.length);
  let truncated = 0;
  for (let i = 0; i < lengths.length; i++) {
    buckets[i] = bucketOf(lengths[i]!);
    if (lengths[i]! > boundaries.at(-1)!) truncated++;
  }
  return { boundaries, buckets, truncated, paddedLength: (length) => boundaries[bucketOf(length)]! };
}

function checkBoundaries(boundaries: readonly number[]): readonly number[] {
  const ascending = boundaries.every((b, i) => Number.isInteger(b) && b >= 1 && (i === 0 || b > boundaries[i - 1]!));
  if (boundaries.length > 0 && ascending) return [...boundaries];
  throw new TaskloomError('option_invalid', 'Bucket boundaries are not usable.', {
    name: 'boundaries',
    got: boundaries,
    expected: 'at least one integer ≥ 1, ascending',
  });
}

/**
 * The boundaries b₁ < … < b_k, k ≤ count, that minimise Σ (b(length) − length), by dynamic programming over the candidate boundaries:
 * cost(k, j) = min over i < j of cost(k−1, i) + b_j · (rows in (b_i, b_j]). Above 512 candidates the grid is made coarser.
 */
function leastPadding(lengths: ArrayLike<number>, count: number, maximum: number, multipleOf: number): readonly number[] {
  if (!Number.isInteger(count) || count < 1)
    throw new TaskloomError('option_invalid', 'The number of length buckets is not usable.', {
      name: 'count',
      got: count,
      expected: 'an integer ≥ 1',
    });
  const grid = multipleOf * Math.ceil(maximum / multipleOf / 512);
  const size = Math.ceil(maximum / grid);
  const rows = new Float64Array(size + 1); // rows[j]: rows of at most j · grid
  for (let i = 0; i < lengths.length; i++) rows[Math.max(1, Math.min(size, Math.ceil(lengths[i]! / grid)))]!++;
  for (let j = 1; j <= size; j++) rows[j]! += rows[j - 1]!;
  let cost = Float64Array.from({ length: size + 1 }, (_, j) => j * rows[j]!);
  const choices: Int32Array[] = [];
  for (let k = 2; k <= Math.min(count, size); k++) {
    const next = Float64Array.from(cost);
    const choice = new Int32Array(size + 1);
    for (let j = 1; j <= size; j++)
      for (let i = 1; i < j; i++) {
        const total = cost[i]! + j * (rows[j]! - rows[i]!);
        if (total < next[j]!) {
          next[j] = total;
          choice[j] = i;
        }
      }
    choices.push(choice);
    cost = next;
  }
  const boundaries = [size];
  for (let k = choices.length - 1; k >= 0; k--) {
    const before = choices[k]![boundaries[0]!]!;
    if (before > 0) boundaries.unshift(before);
  }
  const last = multipleOf * Math.ceil(maximum / multipleOf);
  return boundaries.map((j) => Math.min(j * grid, last));
}
