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
  const local = new Map<number, number>();
  for (const { data } of ids) {
    for (const id of data) {
      const row = Math.abs(id);
      if (row >= height)
        throw new TaskloomError('out_of_range', 'An id has no row in the table.', { name: 'ids', got: id, expected: `|id| < ${height}` });
      if (row !== 0) local.set(row, 0);
    }
  }
  const rows = Int32Array.from([0, ...[...local.keys()].sort((a, b) => a - b)]);
  for (const [index, row] of rows.entries()) local.set(row, index);
  const size = paddedSize(rows.length, pad);
  return {
    tables: mapTables(tables, (table) => gather(table, rows, size)),
    ids: ids.map(({ data, shape }) =>
      hostArray(
        Int32Array.from(data as Int32Array, (id) => Math.sign(id) * local.get(Math.abs(id))!),
        shape,
      ),
    ),
    rows,
    size,
    writeBack(updated) {
      for (const [name, table] of Object.entries(tables)) scatter(name, table, updated[name], rows, size);
    },
  };
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
  for (const [index, row] of rows.entries()) data.set(table.data.subarray(row * width, (row + 1) * width), index * width);
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
  for (const [index, row] of rows.entries())
    if (row !== 0) table.data.set(updated.data.subarray(index * width, (index + 1) * width), row * width);
}

function mapTables<Tables extends { readonly [name: string]: HostArray }>(
  tables: Tables,
  fn: (table: HostArray) => HostArray,
): { readonly [Name in keyof Tables]: HostArray } {
  return Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, fn(table)])) as { [Name in keyof Tables]: HostArray };
}
