import { assertShape, TaskloomError } from '../error';
import { type HostArray, hostArray } from '../host-array';
import { RowStore } from './row-store';
import type { RowStep, SparseOptimizer } from './sparse-optimizers';
import { pooledTerms, viewTerms } from './table-view';
import { type Combiner, type Terms, termsOf, transposed } from './terms';

/** The whole table: values [size, width], and of each field of the optimiser an array of the same shape. All float32. */
export interface TableState {
  readonly values: HostArray;
  readonly state: { readonly [field: string]: HostArray };
}

export interface EmbeddingTableOptions {
  /** float32 [size, width]; copied. Row 0 belongs to padding. */
  readonly values: HostArray;
  readonly optimizer: SparseOptimizer;
  /** What the optimiser goes on from. Default: its start. */
  readonly state?: TableState['state'];
}

/** What one step takes from a table. */
export interface TableRows {
  /** float32, an input of the step. */
  readonly output: HostArray;
  /** Moves the rows that `output` was made of along the gradient of the loss with respect to `output`. */
  update(gradient: HostArray, step: RowStep): void;
}

/** The rows that a step reads, as a table that it sees in place of the whole one. */
export interface TableView extends TableRows {
  /** The arrays of ids, by their rows in `output` [U, width]: 0 stays 0, and a sign stays. Row 0 is zero, as are those beyond the rows named. */
  readonly ids: readonly HostArray[];
}

/** An embedding table on the host, of which a step touches the rows of its batch and nothing else. */
export interface EmbeddingTable {
  readonly size: number;
  readonly width: number;
  /** As `embedding`: ids int32 […] → E[id] […, width], zeros for 0, −E[|id|] for a negative id. */
  lookUp(ids: HostArray): TableRows;
  /** As `bagOfEmbeddings` of one bag, ids int32 [N, L] → [N, width]: that is all that the engine gets and gives back. Default combiner: `mean`. */
  bag(ids: HostArray, options?: { readonly combiner?: Combiner }): TableRows;
  /**
   * The rows that `ids` name, each once, for a model that reads the table as a parameter: it takes `output` and the new `ids` instead. U is one of few sizes, of the table at most,
   * so that few shapes occur. `update` moves all rows named. With `pooled` each array is of bags [N, L] that the model sums in that way: `output` has
   * their sums, and each bag is one id, that of its sum; U is then one more than there are bags.
   */
  view(ids: readonly HostArray[], options?: { readonly pooled?: Combiner }): TableView;
  /** Copies, for a checkpoint, an evaluation, an export. */
  read(): TableState;
  /** Replaces values and state; fields that `state` lacks start anew. */
  load(state: Pick<EmbeddingTableOptions, 'values' | 'state'>): void;
}

/**
 * A table of any height whose steps cost what their batch costs. The host looks rows up; the engine takes them as an input and gives back the gradient with respect to it;
 * the host moves the rows named in one pass, a row's values and the optimiser's state of it lying side by side. At most 4 GiB. Throws `out_of_range` for
 * an id without a row, `unsupported` where WebAssembly has no SIMD.
 */
export function embeddingTable({ values, optimizer, state }: EmbeddingTableOptions): EmbeddingTable {
  const [size, width] = sizesOf(values);
  const fields = Object.keys(optimizer.fields);
  const store = new RowStore(size, width, optimizer);

  const load: EmbeddingTable['load'] = ({ values, state = {} }) => {
    check('values', values, [size, width]);
    for (const [field, array] of Object.entries(state)) {
      if (!fields.includes(field))
        throw new TaskloomError('structure_mismatch', `${optimizer.name} keeps no '${field}'.`, { name: field, expected: fields });
      check(field, array, [size, width]);
    }
    store.write(0, values.data as Float32Array);
    for (const [i, field] of fields.entries())
      store.write(1 + i, (state[field]?.data as Float32Array | undefined) ?? optimizer.fields[field]!);
  };
  load({ values, state });

  const rowsOf = (terms: Terms, shape: readonly number[]): TableRows => ({
    output: hostArray(store.sum(terms), shape),
    update(gradient, step) {
      check('gradient', gradient, shape);
      const { names, terms: byRow } = transposed(terms);
      store.update(names, byRow, gradient.data as Float32Array, optimizer.factors(step));
    },
  });
  const part = (number: number) => hostArray(store.read(number), [size, width]);
  return {
    size,
    width,
    lookUp: (ids) => rowsOf(termsOf(ids, ids.data.length, size, 'sum'), [...ids.shape, width]),
    bag(ids, { combiner = 'mean' } = {}) {
      assertShape(ids.shape, [-1, -1], 'ids');
      const [count] = ids.shape as [number, number];
      return rowsOf(termsOf(ids, count, size, combiner), [count, width]);
    },
    view(ids, { pooled } = {}) {
      if (pooled) {
        for (const bag of ids) assertShape(bag.shape, [-1, -1], 'ids');
        const { terms, ids: one } = pooledTerms(ids, size, pooled);
        return { ...rowsOf(terms, [terms.sums, width]), ids: one };
      }
      const { names, ids: renumbered, size: height, rows, gradients } = viewTerms(ids, size);
      return {
        output: hostArray(store.sum(rows), [height, width]),
        ids: renumbered,
        update(gradient, step) {
          check('gradient', gradient, [height, width]);
          store.update(names, gradients, gradient.data as Float32Array, optimizer.factors(step));
        },
      };
    },
    read: () => ({ values: part(0), state: Object.fromEntries(fields.map((field, i) => [field, part(1 + i)])) }),
    load,
  };
}

function sizesOf(values: HostArray): [size: number, width: number] {
  assertShape(values.shape, [-1, -1], 'values');
  const [size, width] = values.shape as [number, number];
  if (size < 1 || width < 1)
    throw new TaskloomError('shape_mismatch', 'An embedding table needs rows and columns.', { name: 'values', got: values.shape });
  return [size, width];
}

function check(name: string, { shape, data, dtype }: HostArray, expected: readonly number[]): void {
  assertShape(shape, expected, name);
  if (!(data instanceof Float32Array)) throw new TaskloomError('bad_dtype', `'${name}' is not float32.`, { name, got: dtype });
}
