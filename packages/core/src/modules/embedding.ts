import { abs, cast, expandDims, mul, sign, type Tensor } from '@tensorflow/tfjs-core';
import type { Module } from '../module';
import { take } from '../ops';
import type { Random } from '../random';
import { assertRows, leading } from './task-axis';

/** `table` [size, width]; row 0 belongs to padding and is never read. */
export type EmbeddingParams = { readonly table: Tensor };

export interface EmbeddingOptions {
  /** Number of rows: ids run from −(size − 1) to size − 1. */
  readonly size: number;
  readonly width: number;
  /** Standard deviation of the normal start. Default 1/√width: vectors of expected squared length 1. */
  readonly standardDeviation?: number;
}

/**
 * A vector an id: int32 `[…]` → float32 `[…, width]`. y = E[id] for id > 0, the zero vector for padding (id 0), and −E[|id|] for id < 0
 * (the sign of signed feature hashing, Weinberger et al. 2009, arXiv 0902.2206). Holds under a leading task axis.
 */
export function embedding({
  size,
  width,
  standardDeviation = 1 / Math.sqrt(width),
}: EmbeddingOptions): Module<Tensor, Tensor, EmbeddingParams> {
  return {
    config: { module: 'embedding', size, width, standardDeviation },
    init: (random) => ({ table: initializeTable(random, size, width, standardDeviation) }),
    apply({ table }, ids) {
      assertRows(ids, leading(table, 2), [], 'ids of embedding');
      return mul(lookUp(table, ids), expandDims(signs(ids), -1));
    },
  };
}

/** A fresh table [size, width], normal. */
export function initializeTable(random: Random, size: number, width: number, standardDeviation: number): Tensor {
  const normal = random.fold('table').normal([size, width]);
  const table = mul(normal, standardDeviation);
  normal.dispose();
  return table;
}

/** E[|id|], padding included: `table` [tasks…, size, width], `ids` int32 [tasks…, …] → [tasks…, …, width]. */
export function lookUp(table: Tensor, ids: Tensor): Tensor {
  return take(table, abs(cast(ids, 'int32')));
}

/** 1 for an id, −1 for a negated one, 0 for padding: float32, shape of `ids`. */
export function signs(ids: Tensor): Tensor {
  return sign(cast(ids, 'float32'));
}
