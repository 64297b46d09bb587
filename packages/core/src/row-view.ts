import { TaskloomError } from './error';
import { type HostArray, hostArray } from './host-array';

/** Rows of large tables of one height, as small dense ones: what one step sees. */
export interface RowView<Tables extends { readonly [name: string]: HostArray }> {
  /** The tables restricted to `rows`, [U, …]: row 0 is the padding row 0, then the distinct ids in rising order, then zeros up to U. Copies. */
  readonly tables: { readonly [Name in keyof Tables]: HostArray };
  /** The ids renumbered for the view, in the order they were given; 0 stays 0, and a sign stays. */
  readonly ids: readonly HostArray[];
  /** int32: `rows[local]` is the row of the table; padding of the view is not in it. */
  readonly rows: Int32Array;
  /** U. */
  readonly size: number;
  /** Copies the rows of the view, after the step, into the tables. Row 0 stays as it is in the tables. */
  writeBack(updated: { readonly [Name in keyof Tables]: HostArray }): void;
}

export interface RowViewOptions {
  /**
   * U is the least of these sizes that holds the rows, or the next power of two where none does, so that few shapes occur (each new one is a new trace).
   * Default: powers of two from 16.
   */
  readonly pad?: readonly number[];
}

/**
 * The rows that a batch needs out of large tables, gathered on the host: an embedding table with its optimiser's state, all [V, …] with the same V.
 * The step trains the small tables as if they were whole; `writeBack` puts the rows into their places, in `tables` itself. `ids` are int32 arrays of any
 * shape: 0 is padding, −i means row i with sign −1. Exact for optimisers whose update of a row with zero gradient is zero and whose state of it stays
 * (sgd, adagrad; row-wise ones); with Adam the rows that a batch does not name keep their moments until they come again ("lazy Adam").
 * Throws `out_of_range` for an id that the tables do not have.
 */
export function rowView<Tables extends { readonly [name: string]: HostArray }>(
  tables: Tables,
  ids: readonly HostArray[],
  { pad = [] }: RowViewOptions = {},
): RowView<Tables> {
  const height = heightOf(tables);
  const rows = distinctRows(ids, height);
  const local = new Map<number, number>();
  for (let index = 0; index < rows.length; index++) local.set(rows[index]!, index);
  const size = paddedSize(rows.length, pad);
  return {
    tables: mapTables(tables, (table) => gather(table, rows, size)),
    ids: ids.map(({ data, shape }) => {
      const renumbered = new Int32Array(data.length);
      for (let i = 0; i < data.length; i++) renumbered[i] = data[i]! < 0 ? -local.get(-data[i]!)! : local.get(data[i]!)!;
      return hostArray(renumbered, shape);
    }),
    rows,
    size,
    writeBack(updated) {
      for (const [name, table] of Object.entries(tables)) scatter(name, table, updated[name], rows, size);
    },
  };
}

/** 0 and the rows that the ids name, rising. */
function distinctRows(ids: readonly HostArray[], height: number): Int32Array {
  const named = new Int32Array(1 + ids.reduce((count, { data }) => count + data.length, 0));
  let count = 1;
  for (const { data } of ids)
    for (let i = 0; i < data.length; i++) {
      const row = Math.abs(data[i]!);
      if (row >= height)
        throw new TaskloomError('out_of_range', 'An id has no row in the table.', {
          name: 'ids',
          got: data[i],
          expected: `|id| < ${height}`,
        });
      named[count++] = row;
    }
  named.sort();
  let distinct = 0;
  for (let i = 1; i < count; i++) if (named[i] !== named[distinct]) named[++distinct] = named[i]!;
  return named.slice(0, distinct + 1);
}

function heightOf(tables: { readonly [name: string]: HostArray }): number {
  const [first, ...others] = Object.entries(tables);
  const height = first?.[1].shape[0];
  if (!first || height === undefined || height < 1)
    throw new TaskloomError('shape_mismatch', 'A row view needs tables of at least one row.', { name: first?.[0] ?? 'tables' });
  for (const [name, table] of others)
    if (table.shape[0] !== height)
      throw new TaskloomError('shape_mismatch', `The tables '${first[0]}' and '${name}' differ in their number of rows.`, {
        name,
        expected: height,
        got: table.shape[0],
      });
  return height;
}

function paddedSize(least: number, sizes: readonly number[]): number {
  const fitting = sizes.filter((size) => size >= least);
  if (fitting.length > 0) return Math.min(...fitting);
  let size = 16;
  while (size < least) size *= 2;
  return size;
}

function gather(table: HostArray, rows: Int32Array, size: number): HostArray {
  const width = table.data.length / table.shape[0]!;
  const data = new (table.data.constructor as Float32ArrayConstructor)(size * width);
  const from = table.data;
  // Element by element: a view of each row costs more than its elements.
  for (let index = 0, to = 0; index < rows.length; index++)
    for (let at = rows[index]! * width, end = at + width; at < end; at++) data[to++] = from[at]!;
  return hostArray(data, [size, ...table.shape.slice(1)]);
}

function scatter(name: string, table: HostArray, updated: HostArray | undefined, rows: Int32Array, size: number): void {
  const width = table.data.length / table.shape[0]!;
  if (!updated || updated.data.length !== size * width || updated.dtype !== table.dtype)
    throw new TaskloomError('shape_mismatch', `The updated rows of '${name}' do not fit the view.`, {
      name,
      expected: `${table.dtype} [${[size, ...table.shape.slice(1)].join(', ')}]`,
      got: updated ? `${updated.dtype} [${updated.shape.join(', ')}]` : 'nothing',
    });
  const [from, to] = [updated.data, table.data];
  for (let index = 1, at = width; index < rows.length; index++)
    for (let place = rows[index]! * width, end = place + width; place < end; place++) to[place] = from[at++]!;
}

function mapTables<Tables extends { readonly [name: string]: HostArray }>(
  tables: Tables,
  fn: (table: HostArray) => HostArray,
): { readonly [Name in keyof Tables]: HostArray } {
  return Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, fn(table)])) as { [Name in keyof Tables]: HostArray };
}
