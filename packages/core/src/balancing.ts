import type { Scalar, Tensor1D } from '@tensorflow/tfjs-core';
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
  weigh(losses: Float64Array, state: S, context: BalancingContext): { weights: Float64Array; state: S };
  endEpoch?(state: S): S;
}

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

/** What needs gradient rows, several batches or a state as large as the Jacobian. */
export interface JacobianMethod<S = unknown> extends Balancing, Stateful<S> {
  readonly kind: 'jacobian-method';
  step(oracle: JacobianOracle, state: S, context: BalancingContext): { update: Float64Array; state: S };
}

/** The Jacobian [tasks, parameters] behind questions that a compiled step can answer without storing it. */
export interface JacobianOracle {
  gramian(batchA?: number, batchB?: number): Float64Array;
  combine(weights: Float64Array): Float64Array;
  rows(): readonly Float64Array[];
}

export type Balancer = Scalarization | LossWeighting | GradientBalancer | JacobianMethod;
