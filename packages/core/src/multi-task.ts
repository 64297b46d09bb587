import type { Scalar, Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import type { Branch, Tree } from './host-array';
import type { Context, Module } from './module';
import type { Params } from './params';
import type { Combiner } from './rows/terms';

/** What a trunk says about N rows. */
export interface Encoding {
  /** [N, width] */
  readonly pooled: Tensor;
  /** [N, time, width], where the trunk sees time. */
  readonly tokens?: Tensor;
  /** float32 [N, time]: 1 for a token, 0 for padding. */
  readonly mask?: Tensor;
}

/**
 * A trunk whose encoding depends on the task of a row, in two parts with `apply = perTask ∘ once`: a row is in `once` one time whatever the number of its
 * tasks, and in `perTask` one time for each.
 */
export interface TrunkStages {
  /** Names in the order of `context.tasks.ids`. */
  readonly tasks: readonly string[];
  /** What does not depend on the task: any tree whose leaves have first axis N. */
  once(params: Params, inputs: Tree<Tensor>, context: Context): Tree<Tensor>;
  /** The rest: rows of what `once` gave, `context.tasks` saying what each of them is for. */
  perTask(params: Params, rows: Tree<Tensor>, context: Context): Encoding;
}

/** How a trunk reads a table of embeddings: rows by ids, and nothing else. */
export interface TableRead {
  /** The inputs whose int32 ids name its rows. */
  readonly inputs: readonly string[];
  /**
   * Where all that is read are sums of bags [N, L], divided in this way, and each bag by itself: the sums may be computed beforehand, since a bag of one row is that
   * row.
   */
  readonly pooled?: Combiner;
}

/** Tables by the paths of their parameters below the trunk's own. No input names rows of two. */
export interface TableReads {
  readonly [path: string]: TableRead;
}

/** The tables of a trunk whose parameters are a branch of another's. */
export function tablesWithin(branch: string, tables: TableReads): TableReads {
  return Object.fromEntries(Object.entries(tables).map(([path, read]) => [`${branch}/${path}`, read]));
}

/** What a head sees: the encoding of its m rows, and of their partners where the task is about pairs. */
export interface HeadInput extends Encoding {
  readonly pair?: Encoding;
}

/** A task's own part of the model, θi, with all that the task needs to be trained, used and judged. */
export interface TaskHead<P extends Params = Params> extends Module<HeadInput, Tensor, P> {
  /** `classification`, `tagging`, … */
  readonly kind: string;
  /** Names of metrics, the main one first. */
  readonly metrics: readonly string[];
  /** Weighted mean loss over the rows; `weight` [m] may be all zero (then 0). */
  loss(output: Tensor, target: Tree<Tensor>, weight: Tensor1D): Scalar;
  /** Named predictions, first axis m: `label` int32, `probabilities`, `value`, `tags` … as the kind has them. */
  predict(output: Tensor): Branch<Tensor>;
  /** What a graph without a host gives instead, where `predict` is a host's computation; the kind's package has a function that goes on from it. */
  scores?(output: Tensor): Branch<Tensor>;
}

/** θs and θi as separate branches. */
export type MultiTaskParams = { readonly shared: Params; readonly tasks: { readonly [task: string]: Params } };

export interface MultiTaskInput {
  readonly inputs: Tree<Tensor>;
  /** Only the tasks named here are computed. */
  readonly tasks: { readonly [task: string]: { readonly index: Tensor1D; readonly pair?: Tensor1D } };
}

/** A model in two parts with one representation between them that all tasks read: `apply = heads ∘ features`, under the same context. */
export interface ModelParts {
  features(params: MultiTaskParams, inputs: Tree<Tensor>, context: Context): Encoding;
  heads(params: MultiTaskParams, features: Encoding, tasks: MultiTaskInput['tasks'], context: Context): { readonly [task: string]: Tensor };
}

/** One trunk, many heads: encodes the rows once, gives each task's head its rows. */
export interface MultiTaskModel extends Module<MultiTaskInput, { readonly [task: string]: Tensor }, MultiTaskParams> {
  /** `tables` where it reads rows of tables by ids and nothing else of them, so that a step need not see the rest. */
  readonly trunk: Module<Tree<Tensor>, Encoding> & { readonly tables?: TableReads };
  /** Absent where what a head sees depends on its task before there is an encoding. */
  readonly parts?: ModelParts;
  readonly heads: { readonly [task: string]: TaskHead };
}
