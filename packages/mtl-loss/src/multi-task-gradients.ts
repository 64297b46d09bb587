import type { BalancingContext, FeatureBalancer, GradientBalancer, JacobianMethod, Params, Pattern, Random, Tree } from '@taskloom/core';
import { type Scalar, type Tensor, type Tensor1D, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { type Asked, asking } from './ask-method';
import { atFeatures } from './at-features';
import { atParameters } from './at-parameters';
import { conflictOf } from './conflict';
import type { LossBased } from './loss-based';

interface CommonOptions<P extends Params, S> {
  /** The tree, or your own tf.Variables by name. */
  readonly params: P;
  /** Differentiate with respect to these leaves only. Default: all. */
  readonly wrt?: Pattern;
  /** Names in the order of the losses, or their number. Default: found by one forward pass more. */
  readonly tasks?: readonly string[] | number;
  /** float32 [tasks], 1 or 0. Default: all present. */
  readonly present?: Tensor1D;
  /** The method's state, or where to read it in each run of a compiled step. Default: `method.init(tasks)`. */
  readonly state?: S | (() => S);
  /** Step, epoch and draws; a function is asked in each run of a compiled step. */
  readonly context?: Partial<BalancingContext> | (() => Partial<BalancingContext>);
  /** Told the new state in each run; the way to keep it under a compiler. */
  readonly onState?: (state: S) => void;
}

interface JacobianOptions {
  /** The rows that the method left in the step before: `memory` of its result. Default: those it begins with, zero. */
  readonly memory?: Params;
  /** What the method draws for each column. In a compiled step its key must be an input. Default: a stream of the context's step. */
  readonly random?: Random;
}

export interface ParameterGradientsOptions<P extends Params, S> extends CommonOptions<P, S>, JacobianOptions {
  /** Gramian of the gradients of the parameters: T backward passes. Default. */
  readonly at?: 'parameters';
  /** The losses of all tasks, float32 [tasks]. `batch` counts from 0 where the method compares batches, and is asked for once for each. */
  readonly losses: (params: P, batch: number) => Tensor1D;
  /** One that reads losses only (`fixed`, `sum`, `log`, …) is weighed by them, at the price of the T backward passes: the baseline for the others. */
  readonly method: GradientBalancer<S> | LossBased<S> | JacobianMethod<S>;
  /** The leaves that tasks share. Gramian and weights are about these; all other leaves get the plain sum of the tasks' gradients. Default: all. */
  readonly shared?: Pattern;
  readonly store?: 'rows';
  readonly blocks?: undefined;
}

/** What only weights of one batch's gradients can have. */
export interface GramianOnlyOptions<P extends Params, S> extends Omit<ParameterGradientsOptions<P, S>, 'method' | 'store'> {
  readonly method: GradientBalancer<S> | LossBased<S>;
  /**
   * `rows` (default): the task gradients are kept until the weights are there. `nothing`: where a compiler runs the step, they are dropped once they are in the Gramian, layer by layer
   * and of a large one block by block, and forward and backward pass are run once more, of Σ wᵢLᵢ, for the update: nothing of O(T·P) is kept. What T backward passes in step have of one
   * layer's activations at a time is. Eagerly all rows are there until the Gramian is.
   */
  readonly store?: 'rows' | 'nothing';
}

/** The states of a method that balances each block by itself, by the name of the block: `{}` to begin with. */
export interface BlockStates<S> {
  readonly [block: string]: S;
}

export interface BlockGradientsOptions<P extends Params, S>
  extends CommonOptions<P, BlockStates<S>>,
    Pick<ParameterGradientsOptions<P, S>, 'at' | 'losses' | 'shared'> {
  readonly method: GradientBalancer<S>;
  /** Weights (and a state) of their own for each leaf, or for the leaves that a name is given to: a block-diagonal Gramian. */
  readonly blocks: 'leaf' | ((path: string) => string);
}

export interface FeatureGradientsOptions<P extends Params, F extends Tree<Tensor>, S> extends CommonOptions<P, S>, JacobianOptions {
  /** Gramian of the gradients at a shared representation z: T backward passes through the heads only, and one through the trunk. */
  readonly at: 'features';
  /** z(params): a tensor, or a tree of them. */
  readonly features: (params: P) => F;
  /** The losses of all tasks, float32 [tasks], from z: what they take from `params` is the tasks' own and gets the plain sum of gradients. */
  readonly losses: (params: P, features: F) => Tensor1D;
  /** Only what is sound there: the type of a method says so. */
  readonly method: FeatureBalancer<S> | LossBased<S> | (JacobianMethod<S> & { readonly features: true });
}

export type MultiTaskGradientsOptions<P extends Params, S, F extends Tree<Tensor> = Tensor> =
  | ParameterGradientsOptions<P, S>
  | GramianOnlyOptions<P, S>
  | FeatureGradientsOptions<P, F, S>;

export interface MultiTaskGradients<P extends Params, S> {
  /** Structure of `params`, or of what `wrt` selects. Shared leaves: Σ wᵢ∇Lᵢ, or what a Jacobian method makes of the rows. */
  readonly gradients: P;
  readonly losses: Tensor1D;
  /** [tasks, tasks], over the shared leaves or at the features. */
  readonly gramian: Tensor2D;
  /** With `blocks`, the mean over the blocks. */
  readonly weights: Tensor1D;
  /** The state after this step. */
  readonly state: S;
  /** The rows that a Jacobian method carries on, or nothing. */
  readonly memory: Params;
  /** The share of task pairs whose gradients point against each other. */
  readonly conflict: Scalar;
}

/**
 * One balanced gradient for many tasks: T backward passes give rows gᵢ = ∇Lᵢ, their Gramian goes to `method`, and Σ wᵢgᵢ comes back. The weights are
 * computed on the host in float64 (through `hostCall`, so that the whole can be traced); everything large stays on the backend.
 *
 * `at: 'features'` takes the gradients at the representation that all heads share, which costs little more than one backward pass: LibMTL's `rep_grad`. Only methods for which this
 * is sound are accepted, by type.
 * The caller owns the tensors returned; nothing else is left behind.
 */
export function multiTaskGradients<P extends Params, S>(options: ParameterGradientsOptions<P, S>): MultiTaskGradients<P, S>;
export function multiTaskGradients<P extends Params, S>(options: GramianOnlyOptions<P, S>): MultiTaskGradients<P, S>;
export function multiTaskGradients<P extends Params, S>(options: BlockGradientsOptions<P, S>): MultiTaskGradients<P, BlockStates<S>>;
export function multiTaskGradients<P extends Params, S, F extends Tree<Tensor>>(
  options: FeatureGradientsOptions<P, F, S>,
): MultiTaskGradients<P, S>;
export function multiTaskGradients<P extends Params, S, F extends Tree<Tensor>>(
  options: MultiTaskGradientsOptions<P, S, F> | BlockGradientsOptions<P, S>,
): MultiTaskGradients<P, S> | MultiTaskGradients<P, BlockStates<S>> {
  let asked: Asked<S> | undefined;
  const tensors = tidy(() => {
    const given = options as FeatureGradientsOptions<P, F, S> | AnyParameterOptions<P, S>;
    const { params } = given;
    asked = asking<S>(given, () => (given.at === 'features' ? given.losses(params, given.features(params)) : given.losses(params, 0)).size);
    const made = given.at === 'features' ? atFeatures(given, asked) : atParameters(given, asked);
    return { memory: {}, ...made, conflict: conflictOf(made.gramian, asked.present) };
  });
  return { ...tensors, state: asked!.state() };
}

/** What both places of the Gramian give. */
export type Balanced<P extends Params> = Pick<MultiTaskGradients<P, unknown>, 'gradients' | 'losses' | 'gramian' | 'weights' | 'memory'>;

/** Without `memory` where there is none. */
export type Made<B extends { readonly memory: Params }> = Omit<B, 'memory'> & Partial<Pick<B, 'memory'>>;

/** The forms of `at: 'parameters'` together. */
export type AnyParameterOptions<P extends Params, S> = Omit<ParameterGradientsOptions<P, S>, 'store' | 'blocks'> & {
  readonly store?: 'rows' | 'nothing';
  readonly blocks?: BlockGradientsOptions<P, S>['blocks'];
};
