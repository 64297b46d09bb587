import {
  abs,
  add,
  addN,
  concat,
  div,
  expandDims,
  matMul,
  max,
  maximum,
  mul,
  reshape,
  scatterND,
  sqrt,
  square,
  squeeze,
  sub,
  sum,
  type Tensor,
  tensor,
} from '@tensorflow/tfjs-core';
import { TaskloomError } from '../error';
import type { Branch } from '../host-array';
import type { Module } from '../module';
import { assertRate, drop } from './dropout';
import { type EmbeddingParams, initializeTable, lookUp, signs } from './embedding';
import { assertRows, leading } from './task-axis';

export interface BagOfEmbeddingsOptions {
  /** Rows of the table; with tables of their own, possibly a number for each bag. */
  readonly size: number | { readonly [bag: string]: number };
  readonly width: number;
  /** How the vectors of a row become one, over all its bags together; `unit`: each bag's sum over the root of its length, then their sum. Default `mean`. */
  readonly combiner?: 'sum' | 'mean' | 'unit' | 'max';
  /** Names of the inputs. Default `['ids']`. */
  readonly bags?: readonly string[];
  /** One table for all bags (they hash into one space) instead of one each. Default false. */
  readonly shared?: boolean;
  /** As in `embedding`. */
  readonly standardDeviation?: number;
  /** In training, each feature is left out with this probability and the others divided by 1 − rate. Not with `max`. Default 0. */
  readonly featureDropout?: number;
  /**
   * How training sums: `rows` looks up a vector a feature; `matrix` multiplies the weights as a matrix [N, size] with the table, which is faster where bags are
   * long and tables small. Default `rows`, which is also what a task axis and inference take.
   */
  readonly trainBy?: 'rows' | 'matrix';
}

/** `{ [bag]: { table } }`, or `{ shared: { table } }` where the bags share one. */
export type BagOfEmbeddingsParams = { readonly [bag: string]: EmbeddingParams };

interface Bag {
  /** int32 [tasks…, N, L] */
  readonly ids: Tensor;
  /** float32, the same shape: the sign of an id, 0 for padding; where features are left out, 0 for those and ±1/(1 − rate) for the others. */
  readonly weights: Tensor;
  /** float32 [tasks…, N, 1]: the length that the sum is divided by, where `unit`. */
  readonly length?: Tensor;
  readonly table: Tensor;
}

/**
 * Bags of features, each int32 `[N, L]` with 0 as padding, as one vector a row: `{ [bag]: ids }` → float32 `[N, width]`. Every id ≠ 0 counts
 * alike, whatever bag it is in: `sum` Σ s·E[|id|] with s the id's sign, `mean` the same over their number, `unit` over the root of their number in each bag
 * (cosine normalisation, Salton & Buckley 1988), `max` the element-wise maximum. A row without features gives the zero vector. Joulin et al. 2016 (fastText), arXiv 1607.01759. Holds under a leading task axis.
 */
export function bagOfEmbeddings(options: BagOfEmbeddingsOptions): Module<Branch<Tensor>, Tensor, BagOfEmbeddingsParams> {
  const { size, width, combiner = 'mean', bags = ['ids'], shared = false, standardDeviation = 1 / Math.sqrt(width) } = options;
  const { featureDropout = 0, trainBy = 'rows' } = options;
  assertRate(featureDropout);
  if (combiner === 'max' && featureDropout > 0)
    throw new TaskloomError('bad_option', 'A maximum knows no weights of features.', {
      name: 'featureDropout',
      remedy: "Take the combiner 'sum', 'mean' or 'unit'.",
    });
  const tables = shared ? ['shared'] : bags;
  const sizes = Object.fromEntries(tables.map((name) => [name, sizeOf(size, name)]));

  function read(params: BagOfEmbeddingsParams, inputs: Branch<Tensor>, name: string): Bag {
    const ids = inputs[name] as Tensor | undefined;
    const key = shared ? 'shared' : name;
    const { table } = params[key]!;
    if (!ids || !('shape' in ids))
      throw new TaskloomError('input_missing', `There is no bag '${name}'.`, { name, expected: bags, got: Object.keys(inputs) });
    assertRows(ids, leading(table, 2), [], `bag '${name}'`);
    const weights = signs(ids);
    return { ids, weights, table, ...(combiner === 'unit' && { length: atLeast(sqrt(sum(square(weights), -1, true))) }) };
  }

  return {
    config: { module: 'bagOfEmbeddings', size: sizes, width, combiner, bags, shared, standardDeviation, featureDropout, trainBy },
    init: (random) =>
      Object.fromEntries(
        tables.map((name) => [name, { table: initializeTable(random.fold(name), sizes[name]!, width, standardDeviation) }]),
      ),
    apply(params, inputs, context) {
      const found = bags.map((name) => read(params, inputs, name));
      if (combiner === 'max') return maximumOf(joinedRows(found), joinedWeights(found));
      const total = combiner === 'mean' ? atLeast(sum(abs(joinedWeights(found)), -1, true)) : undefined;
      const dropping = context.training && featureDropout > 0;
      const kept = dropping ? found.map((bag) => ({ ...bag, weights: drop(bag.weights, featureDropout, context.random()) })) : found;
      const byMatrix = context.training && trainBy === 'matrix' && kept.every(({ ids, table }) => ids.rank === 2 && table.rank === 2);
      // Each bag by itself: to put their vectors together first takes longer than all else.
      const vectorOf = (bag: Bag) => {
        const own = byMatrix ? sumByMatrix(bag) : sumByRows(bag);
        return bag.length ? div(own, bag.length) : own;
      };
      const summed = addN(kept.map(vectorOf));
      return total ? div(summed, total) : summed;
    },
  };
}

function sizeOf(size: BagOfEmbeddingsOptions['size'], name: string): number {
  const rows = typeof size === 'number' ? size : Object.hasOwn(size, name) ? size[name] : undefined;
  if (rows === undefined)
    throw new TaskloomError('bad_option', `There is no size for '${name}'.`, {
      name: 'size',
      got: size,
      remedy: 'Give one number, or one for each table.',
    });
  return rows;
}

/** What a sum of weights is divided by, so that a row without features is zero. */
function atLeast(x: Tensor): Tensor {
  return maximum(x, 1e-6);
}

/** [tasks…, N, L, width] */
function joinedRows(bags: readonly Bag[]): Tensor {
  return joined(
    bags.map(({ table, ids }) => lookUp(table, ids)),
    -2,
  );
}

/** [tasks…, N, L] */
function joinedWeights(bags: readonly Bag[]): Tensor {
  return joined(
    bags.map(({ weights }) => weights),
    -1,
  );
}

function joined(parts: readonly Tensor[], axis: number): Tensor {
  return parts.length === 1 ? parts[0]! : concat([...parts], parts[0]!.rank + axis);
}

/** Σ_l w_l·E_l as a product of matrices, which is one pass over the rows. */
function sumByRows({ ids, weights, table }: Bag): Tensor {
  const rows = lookUp(table, ids);
  const [length, width] = rows.shape.slice(-2) as [number, number];
  const outer = rows.shape.slice(0, -2);
  const summed = matMul(reshape(weights, [-1, 1, length]), reshape(rows, [-1, length, width]));
  return reshape(summed, [...outer, width]);
}

/** The same with the weights as a matrix [N, size], where a feature that occurs twice has the sum of its weights. */
function sumByMatrix({ ids, weights, table }: Bag): Tensor {
  const [count, length] = ids.shape as [number, number];
  const size = table.shape[0]!;
  const starts = tensor(
    Int32Array.from({ length: count }, (_, row) => row * size),
    [count, 1],
    'int32',
  );
  const places = reshape(add(abs(ids), starts), [count * length, 1]);
  const matrix = scatterND(places, reshape(weights, [count * length]), [count * size]);
  return matMul(reshape(matrix, [count, size]), table as never);
}

function maximumOf(rows: Tensor, weights: Tensor): Tensor {
  const present = expandDims(abs(weights), -1);
  const masked = add(mul(rows, expandDims(weights, -1)), mul(sub(present, 1), 1e9));
  return mul(max(masked, -2), squeeze(max(present, -2, true), [-2]));
}
