import { hostRandom, TaskloomError } from '@taskloom/core/host';

/** The order of `size` rows in epoch `epoch`: a permutation of 0 … size−1 that depends on nothing but the three arguments. */
export function shuffledOrder(seed: number | string, epoch: number, size: number): Int32Array {
  return hostRandom(seed).fold('shuffle').fold(epoch).permutation(size);
}

/** Where a shuffle stands, as plain JSON: `position` rows of epoch `epoch` have been given. */
export interface ShufflePosition {
  readonly epoch: number;
  readonly position: number;
}

export interface Shuffle {
  /** The next `count` rows; epochs follow each other without a gap, so that a batch may span two. */
  next(count: number): Int32Array;
  /** Give it to `shuffle` with the same seed and size, and the same rows follow. */
  readonly position: ShufflePosition;
}

/** An endless walk through `size` rows, each epoch in an order of its own. It holds one epoch's order (4 bytes a row). */
export function shuffle(options: { readonly seed: number | string; readonly size: number; readonly position?: ShufflePosition }): Shuffle {
  const { seed, size, position: start = { epoch: 0, position: 0 } } = options;
  if (!Number.isInteger(size) || size < 1)
    throw new TaskloomError('option_invalid', 'A shuffle needs rows.', { name: 'size', got: size, expected: 'an integer ≥ 1' });
  if (!Number.isInteger(start.epoch) || start.epoch < 0 || !Number.isInteger(start.position) || start.position < 0 || start.position > size)
    throw new TaskloomError('option_invalid', 'The position is not one of a shuffle of this size.', {
      name: 'position',
      got: start,
      expected: `{ epoch ≥ 0, 0 ≤ position ≤ ${size} }`,
      remedy: 'Resume with the rows the run was started with.',
    });
  let { epoch, position } = start;
  let order = shuffledOrder(seed, epoch, size);
  return {
    next(count) {
      const rows = new Int32Array(count);
      for (let filled = 0; filled < count; ) {
        if (position === size) {
          position = 0;
          order = shuffledOrder(seed, ++epoch, size);
        }
        const part = Math.min(count - filled, size - position);
        rows.set(order.subarray(position, position + part), filled);
        filled += part;
        position += part;
      }
      return rows;
    },
    get position() {
      return { epoch, position };
    },
  };
}
