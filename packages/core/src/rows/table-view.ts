import { type HostArray, hostArray } from '../host-array';
import { type Combiner, numbered, rowOf, type Terms, termsOf } from './terms';

/** The rows that some arrays of ids name, as a table of their own. */
export interface ViewTerms {
  /** The rows of the large table, each once; in the view they come after row 0. */
  readonly names: Uint32Array;
  /** The ids by their rows in the view: 0 stays 0, and a sign stays. */
  readonly ids: readonly HostArray[];
  /** Rows of the view: the least of 16, 64, 256, 1024, 4096, 8192, 16384 … that holds them, or all that the table has. */
  readonly size: number;
  /** The view's rows as sums of one term, or of none. */
  readonly rows: Terms;
  /** The gradients of the rows named as sums of one term. */
  readonly gradients: Terms;
}

/** Throws `out_of_range` for an id without a row. */
export function viewTerms(ids: readonly HostArray[], tableSize: number): ViewTerms {
  const named = new Uint32Array(ids.reduce((sum, { data }) => sum + data.length, 0));
  let count = 0;
  for (const { data } of ids) for (let i = 0; i < data.length; i++) if (data[i] !== 0) named[count++] = rowOf(data[i]!, tableSize);
  const { names, numbers } = numbered(named.subarray(0, count));

  let term = 0;
  const renumbered = ids.map(({ data, shape }) => {
    const local = new Int32Array(data.length);
    for (let i = 0; i < data.length; i++) {
      if (data[i] === 0) continue;
      const row = 1 + numbers[term++]!;
      local[i] = data[i]! < 0 ? -row : row;
    }
    return hostArray(local, shape);
  });

  // A new size is a new trace, of a second or so, and rows of zeros are cheap while they are few.
  let size = 16;
  while (size < names.length + 1) size *= size < 4096 ? 4 : 2;
  // With row 0 the rows named are never more than those of the table.
  size = Math.min(size, tableSize);
  const one = new Float32Array(names.length).fill(1);
  return {
    names,
    ids: renumbered,
    size,
    rows: { sums: size, ends: Uint32Array.from({ length: size }, (_, row) => Math.min(row, names.length)), rows: names, weights: one },
    gradients: {
      sums: names.length,
      ends: names.map((_, i) => i + 1),
      rows: names.map((_, i) => i + 1),
      weights: one,
    },
  };
}

/** Sums of bags, each ids [N, L], one after another behind a row 0 of zeros, and each bag as one id, that of its sum: [N, 1]. */
export function pooledTerms(
  bags: readonly HostArray[],
  tableSize: number,
  combiner: Combiner,
): { readonly terms: Terms; readonly ids: readonly HostArray[] } {
  const parts = bags.map((bag) => termsOf(bag, bag.shape[0]!, tableSize, combiner));
  const sums = parts.reduce((total, part) => total + part.sums, 1);
  const count = parts.reduce((total, { rows }) => total + rows.length, 0);
  const terms: Terms = { sums, ends: new Uint32Array(sums), rows: new Uint32Array(count), weights: new Float32Array(count) };
  let [sum, term] = [1, 0];
  const ids = parts.map((part) => {
    terms.rows.set(part.rows, term);
    terms.weights.set(part.weights, term);
    const own = new Int32Array(part.sums);
    for (let i = 0; i < part.sums; i++, sum++) {
      terms.ends[sum] = term + part.ends[i]!;
      own[i] = terms.ends[sum]! > terms.ends[sum - 1]! ? sum : 0;
    }
    term += part.rows.length;
    return hostArray(own, [part.sums, 1]);
  });
  return { terms, ids };
}
