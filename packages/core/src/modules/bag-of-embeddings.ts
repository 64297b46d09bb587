import {
  abs,
  add,
  concat,
  div,
  expandDims,
  matMul,
  max,
  maximum,
  mul,
  reshape,
  squeeze,
  sub,
  sum,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { TaskloomError } from '../error';
import type { Branch } from '../host-array';
import type { Module } from '../module';
import { type EmbeddingParams, initializeTable, lookUp, signs } from './embedding';
import { assertRows, leading } from './task-axis';

export interface BagOfEmbeddingsOptions {
  /** Rows of the table; with tables of their own, possibly a number for each bag. */
  readonly size: number | { readonly [bag: string]: number };
  readonly width: number;
  /** How the vectors of a row become one, over all its bags together. Default `mean`. */
  readonly combiner?: 'sum' | 'mean' | 'max';
  /** Names of the inputs. Default `['ids']`. */
  readonly bags?: readonly string[];
  /** One table for all bags (they hash into one space) instead of one each. Default false. */
  readonly shared?: boolean;
  /** As in `embedding`. */
  readonly standardDeviation?: number;
}

/** `{ [bag]: { table } }`, or `{ shared: { table } }` where the bags share one. */
export type BagOfEmbeddingsParams = { readonly [bag: string]: EmbeddingParams };

/**
 * Bags of features, each int32 `[N, L]` with 0 as padding, as one vector a row: `{ [bag]: ids }` → float32 `[N, width]`. Every id ≠ 0 counts
 * alike, whatever bag it is in: `sum` Σ s·E[|id|] with s the id's sign, `mean` the same over their number, `max` the element-wise maximum.
 * A row without features gives the zero vector. Joulin et al. 2016 (fastText), arXiv 1607.01759. Holds under a leading task axis.
 */
export function bagOfEmbeddings({
  size,
  width,
  combiner = 'mean',
  bags = ['ids'],
  shared = false,
  standardDeviation = 1 / Math.sqrt(width),
}: BagOfEmbeddingsOptions): Module<Branch<Tensor>, Tensor, BagOfEmbeddingsParams> {
  const tables = shared ? ['shared'] : bags;
  const sizeOf = (name: string): number => {
    const rows = typeof size === 'number' ? size : Object.hasOwn(size, name) ? size[name] : undefined;
    if (rows === undefined)
      throw new TaskloomError('bad_option', `There is no size for '${name}'.`, {
        name: 'size',
        got: size,
        remedy: 'Give one number, or one for each table.',
      });
    return rows;
  };
  const sizes = Object.fromEntries(tables.map((name) => [name, sizeOf(name)]));
  return {
    config: { module: 'bagOfEmbeddings', size: sizes, width, combiner, bags, shared, standardDeviation },
    init: (random) =>
      Object.fromEntries(
        tables.map((name) => [name, { table: initializeTable(random.fold(name), sizes[name]!, width, standardDeviation) }]),
      ),
    apply(params, inputs) {
      const parts = bags.map((bag) => {
        const ids = inputs[bag];
        const { table } = params[shared ? 'shared' : bag]!;
        if (!ids || !('shape' in ids))
          throw new TaskloomError('input_missing', `There is no bag '${bag}'.`, { name: bag, expected: bags, got: Object.keys(inputs) });
        assertRows(ids as Tensor, leading(table, 2), [], `bag '${bag}'`);
        return { rows: lookUp(table, ids as Tensor), signs: signs(ids as Tensor) };
      });
      const rows = joined(
        parts.map((part) => part.rows),
        -2,
      ); // [tasks…, N, L, width]
      const weights = joined(
        parts.map((part) => part.signs),
        -1,
      ); // [tasks…, N, L]
      return combiner === 'max' ? maximumOf(rows, weights) : combiner === 'sum' ? sumOf(rows, weights) : meanOf(rows, weights);
    },
  };
}

function joined(parts: readonly Tensor[], axis: number): Tensor {
  return parts.length === 1 ? parts[0]! : concat([...parts], parts[0]!.rank + axis);
}

/** Σ_l w_l·E_l as a product of matrices, which is one pass over the rows. */
function sumOf(rows: Tensor, weights: Tensor): Tensor {
  const [length, width] = rows.shape.slice(-2) as [number, number];
  const outer = rows.shape.slice(0, -2);
  const summed = matMul(reshape(weights, [-1, 1, length]), reshape(rows, [-1, length, width]));
  return reshape(summed, [...outer, width]);
}

function meanOf(rows: Tensor, weights: Tensor): Tensor {
  const count = maximum(sum(abs(weights), -1, true), 1);
  return sumOf(rows, div(weights, count));
}

function maximumOf(rows: Tensor, weights: Tensor): Tensor {
  const present = expandDims(abs(weights), -1);
  const masked = add(mul(rows, expandDims(weights, -1)), mul(sub(present, 1), 1e9));
  return mul(max(masked, -2), squeeze(max(present, -2, true), [-2]));
}
