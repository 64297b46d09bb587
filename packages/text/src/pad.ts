import { type HostArray, TaskloomError } from '@taskloom/core/host';

export interface PadOptions {
  /** Rows of the result; rows beyond those given hold `fill` alone. @default the number of rows given */
  readonly rows?: number;
  /** The value of padding. @default 0 */
  readonly fill?: number;
}

export interface Padded {
  /** int32. */
  readonly ids: HostArray;
  /** How many rows (in `padTokenIds`: rows or tokens) were longer than their place and lost their end. */
  readonly truncated: number;
}

/** Rows of different lengths as one int32 array `[rows, length]`, padded at the end. */
export function padIds(
  rows: readonly (Int32Array | readonly number[])[],
  length: number,
  { rows: count = rows.length, fill = 0 }: PadOptions = {},
): Padded {
  assertRoom(rows.length, count);
  const data = new Int32Array(count * length).fill(fill);
  let truncated = 0;
  rows.forEach((row, n) => {
    if (row.length > length) truncated++;
    data.set(row.length > length ? row.slice(0, length) : row, n * length);
  });
  return { ids: { shape: [count, length], dtype: 'int32', data }, truncated };
}

/** Rows of tokens of features as one int32 array `[rows, time, features]`, padded at the end of both. */
export function padTokenIds(
  rows: readonly (readonly (Int32Array | readonly number[])[])[],
  [time, features]: readonly [time: number, features: number],
  { rows: count = rows.length, fill = 0 }: PadOptions = {},
): Padded {
  assertRoom(rows.length, count);
  const data = new Int32Array(count * time * features).fill(fill);
  let truncated = 0;
  rows.forEach((tokens, n) => {
    if (tokens.length > time) truncated++;
    tokens.slice(0, time).forEach((token, t) => {
      if (token.length > features) truncated++;
      data.set(token.length > features ? token.slice(0, features) : token, (n * time + t) * features);
    });
  });
  return { ids: { shape: [count, time, features], dtype: 'int32', data }, truncated };
}

function assertRoom(given: number, count: number): void {
  if (given <= count) return;
  throw new TaskloomError('shape_mismatch', 'More rows than the batch has room for.', {
    name: 'rows',
    got: given,
    expected: `at most ${count}`,
  });
}
