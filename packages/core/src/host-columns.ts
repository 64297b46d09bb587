import type { Arithmetic, Columns } from './columns';

/** A matrix on the host. */
export type HostRows = readonly ArrayLike<number>[];

/** `f` for each entry of matrices of one shape, sides of 1 being stretched. */
function each(f: (...entries: number[]) => number) {
  return (...given: (HostRows | number)[]): Float64Array[] => {
    const all = given.map((one) => (typeof one === 'number' ? [[one]] : one));
    const side = (sizes: number[]) => sizes.find((size) => size !== 1) ?? 1;
    const width = side(all.map(([first]) => first!.length));
    return Array.from({ length: side(all.map((one) => one.length)) }, (_, i) => {
      const rows = all.map((one) => one[one.length === 1 ? 0 : i]!);
      return Float64Array.from({ length: width }, (__, k) => f(...rows.map((row) => row[row.length === 1 ? 0 : k]!)));
    });
  };
}

/** Σ cᵢ rowᵢ for at least one row; a row whose coefficient is 0 has no part in it, whatever it holds. */
export function combineHostRows(rows: HostRows, coefficients: ArrayLike<number>): Float64Array {
  const sum = new Float64Array(rows[0]!.length);
  for (const [i, row] of rows.entries()) {
    const c = coefficients[i]!;
    if (c !== 0) for (let k = 0; k < sum.length; k++) sum[k]! += c * row[k]!;
  }
  return sum;
}

/** G = J Jᵀ, row-major [rows, rows], in double precision. */
export function gramianOfHostRows(rows: HostRows): Float64Array {
  const count = rows.length;
  const gramian = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      let product = 0;
      for (let k = 0; k < rows[i]!.length; k++) product += rows[i]![k]! * rows[j]![k]!;
      gramian[i * count + j] = product;
      gramian[j * count + i] = product;
    }
  }
  return gramian;
}

/** `count` rows of a matrix that is stored row after row, as views of it. */
export function hostRowsOf(values: Float64Array, count: number): Float64Array[] {
  const width = values.length / count;
  return Array.from({ length: count }, (_, i) => values.subarray(i * width, (i + 1) * width));
}

/** Row after row. */
export function joinedRows(rows: HostRows): Float64Array {
  const joined = new Float64Array(rows.reduce((length, row) => length + row.length, 0));
  let at = 0;
  for (const row of rows) {
    joined.set(row, at);
    at += row.length;
  }
  return joined;
}

export const hostArithmetic: Arithmetic<HostRows> = {
  add: each((a, b) => a! + b!),
  sub: each((a, b) => a! - b!),
  mul: each((a, b) => a! * b!),
  div: each((a, b) => a! / b!),
  minimum: each(Math.min),
  maximum: each(Math.max),
  greater: each((a, b) => Number(a! > b!)),
  where: each((condition, a, b) => (condition ? a! : b!)),
  sqrt: each(Math.sqrt),
  abs: each(Math.abs),
  sign: each(Math.sign),
  count: (a) => a.length,
  split(a, parts) {
    const sizes = typeof parts === 'number' ? new Array<number>(parts).fill(a.length / parts) : parts;
    const ends = sizes.map((_, i) => sizes.slice(0, i + 1).reduce((x, y) => x + y));
    return sizes.map((size, i) => a.slice(ends[i]! - size, ends[i]));
  },
  concat: (parts) => parts.flat(),
  weighted: (w, rows) => [
    combineHostRows(
      rows,
      w.map((row) => row[0]!),
    ),
  ],
};

/** `representation` [batch, width]: what rows are gradients of. */
export function hostColumns(uniform: (count: number) => Float64Array, representation: HostRows | undefined): Columns<HostRows> {
  return {
    ...hostArithmetic,
    uniform: ([first]) => [uniform(first!.length)],
    ...(representation && {
      representation: {
        values: [representation.flatMap((row) => Array.from(row))],
        fold: (rows) => rows.map((row) => combineHostRows(sliced(row, representation), new Array(representation.length).fill(1))),
        spread: (rows) => rows.map((row) => representation.flatMap(() => Array.from(row))),
      },
    }),
  };
}

/** A row of values cut as the representation is. */
function sliced(row: ArrayLike<number>, representation: HostRows): HostRows {
  const width = representation[0]!.length;
  return representation.map((_, i) => Array.from(row).slice(i * width, (i + 1) * width));
}
