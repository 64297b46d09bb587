import type { Scalar, Tensor1D } from '@tensorflow/tfjs-core';
import type { Arithmetic, Columns } from './columns';
import type { Params } from './params';

/** What every way of balancing tasks says of itself. */
export interface Balancing {
  readonly name: string;
  readonly needs: readonly ('losses' | 'gramian' | 'gradients' | 'batches')[];
}

/** What a balancer may look at besides its own state. */
export interface BalancingContext {
  readonly step: number;
  readonly epoch: number;
  /** Task names, in the order of losses and Gramian rows. */
  readonly tasks: readonly string[];
  /** 1 where the task has labelled rows in this step, else 0. */
  readonly present: Float64Array;
  readonly losses: Float64Array;
  /** `count` draws of this step, the same at every call with the same `name`. */
  uniform(name: string, count: number): Float64Array;
  normal(name: string, count: number): Float64Array;
}

/** The total loss inside the step; P is trained with the model (uncertainty, IMTL-L, …). `present` [tasks] is 0 for an absent task. */
export interface Scalarization<P extends Params = Params> extends Balancing {
  readonly kind: 'scalarization';
  init(tasks: readonly string[]): P;
  total(losses: Tensor1D, parameters: P, present: Tensor1D): Scalar;
}

/** A state kept from step to step: plain data and typed arrays, so that a checkpoint can hold it. */
export interface Stateful<S> {
  init(tasks: readonly string[]): S;
  /**
   * The state that a checkpoint holds, checked: throws a `TaskloomError` for one that `weigh` could not go on with, for a stranger may have written it. Without it a state
   * must have the form of `init(tasks)`: the same kinds, names and lengths, and finite numbers where it began with finite ones.
   */
  restore?(saved: unknown, tasks: readonly string[]): S;
}

/** Weights from earlier steps or epochs, computed on the host (DWA, RLW, FAMO, …). */
export interface LossWeighting<S = unknown> extends Balancing, Stateful<S> {
  readonly kind: 'loss-weighting';
  /**
   * Weights can be asked for before their step, so that nothing waits for them: `true` where they do not depend on its losses; or a function where they do, which makes them, in the
   * step, of what `weigh` gives for losses not known (NaN each) and of the losses. `weigh` still takes the losses down.
   */
  readonly beforehand?: true | OfLosses;
  weigh(losses: Float64Array, state: S, context: BalancingContext): { weights: Float64Array; state: S };
  endEpoch?(state: S): S;
  /**
   * The state once the parameters have moved: `lossesAfter` are the losses of the same rows with the new parameters, `context.losses` those before. Who has this method
   * is asked for it after each step, which costs a second forward pass (FAMO).
   */
  afterStep?(lossesAfter: Float64Array, state: S, context: BalancingContext): S;
}

/** Weights [tasks] of a step from those known before it and its losses, both float32 [tasks]; an absent task has a known weight of 0 and gets 0. */
export type OfLosses = (known: Tensor1D, losses: Tensor1D, tasks: readonly string[]) => Tensor1D;

/** Weights from the inner products of the task gradients; `gramian` is row-major [tasks, tasks]. The update is Σ wᵢ gᵢ. */
export interface GradientBalancer<S = unknown> extends Balancing, Stateful<S> {
  readonly kind: 'gradient-balancer';
  /** Weights from the gradients at a shared representation (∂Lᵢ/∂z for ∂Lᵢ/∂θ) are sound too: LibMTL's `rep_grad`. */
  readonly features?: true;
  weigh(gramian: Float64Array, state: S, context: BalancingContext): { weights: Float64Array; state: S };
}

/** A gradient balancer that may work at the shared representation. */
export interface FeatureBalancer<S = unknown> extends GradientBalancer<S> {
  readonly features: true;
}

/**
 * What needs more than one Gramian: gradient rows column by column, several batches, or rows that it carries from step to step (GradDrop, trimmed mean, MoCo, …).
 *
 * Its rows are the task gradients of each batch in turn, then those of its memory, then derived ones. `weigh` sees their inner products and gives coefficients; `columns` makes the update
 * and the new memory of them, and without it they are a matrix [1 + memory, rows] times the rows. So rows may stay on the backend, and only small numbers reach the host.
 */
export interface JacobianMethod<S = unknown> extends Balancing, Stateful<S> {
  readonly kind: 'jacobian-method';
  /** Batches drawn independently of one another, whose gradients a step compares. Default 1. */
  readonly batches?: number;
  /** How many rows, as long as the parameters, a step leaves to the next; zero in the beginning. Default: none. */
  memory?(tasks: number): number;
  /** It works at a shared representation: a row is the gradient of a loss there. */
  readonly features?: true;
  /** More rows, each column made of that column of the others, which stand after them: for inner products that those alone do not have. Default: none. */
  readonly derived?: DerivedRows;
  /**
   * `gramian` is row-major [rows, rows], rows = batches · tasks + memory + derived; empty where `needs` does not name it. `weights` [tasks] say how much each task counts, for logs:
   * where the update is a combination of gradients they are its coefficients.
   */
  weigh(gramian: Float64Array, state: S, context: BalancingContext): { weights: Float64Array; coefficients: Float64Array; state: S };
  readonly columns?: ColumnRule;
  /**
   * `weigh` gets the rows of batches and memory themselves, row-major [rows, parameters], in place of their inner products; its coefficients are the update and the new memory,
   * [1 + memory, parameters]. All of it goes to the host and back in each step: see `jacobianMethod`.
   */
  readonly onHost?: true;
}

/** What happens in each column (one parameter's entries of all rows), for the host and for tensors at once: [rows, columns] → [1 + memory, columns]. */
export interface ColumnRule {
  /** How many coefficients there are. */
  coefficients(tasks: number): number;
  /** `coefficients` [coefficients, 1] */
  apply<M>(rows: M, coefficients: M, on: Columns<M>): M;
}

/** [rows, columns] → [count, columns] */
export interface DerivedRows {
  count(tasks: number): number;
  apply<M>(rows: M, on: Arithmetic<M>): M;
}

export type Balancer = Scalarization | LossWeighting | GradientBalancer | JacobianMethod;
