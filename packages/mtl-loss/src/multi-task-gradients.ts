import {
  type BalancingContext,
  flatten,
  type GradientBalancer,
  hostCall,
  jacobianRows,
  merge,
  type Params,
  type Pattern,
  select,
  TaskloomError,
} from '@taskloom/core';
import { ones, type Scalar, type Tensor1D, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { balancingContext } from './balancing-context';
import { conflictOf } from './conflict';
import { combineRows, gramianOf } from './gramian';

export interface MultiTaskGradientsOptions<P extends Params, S> {
  /** The losses of all tasks, float32 [tasks]. */
  readonly losses: (params: P) => Tensor1D;
  /** The tree, or your own tf.Variables by name. */
  readonly params: P;
  readonly method: GradientBalancer<S>;
  /** Differentiate with respect to these leaves only. Default: all. */
  readonly wrt?: Pattern;
  /** The leaves that tasks share. Gramian and weights are about these; all other leaves get the plain sum of the tasks' gradients. Default: all. */
  readonly shared?: Pattern;
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

export interface MultiTaskGradients<P extends Params, S> {
  /** Structure of `params`, or of what `wrt` selects. Shared leaves: Σ wᵢ∇Lᵢ. */
  readonly gradients: P;
  readonly losses: Tensor1D;
  /** [tasks, tasks], over the shared leaves. */
  readonly gramian: Tensor2D;
  readonly weights: Tensor1D;
  /** The state after this step. */
  readonly state: S;
  /** The share of task pairs whose gradients point against each other. */
  readonly conflict: Scalar;
}

/**
 * One balanced gradient for many tasks: T backward passes give rows gᵢ = ∇Lᵢ, their Gramian goes to `method`, and Σ wᵢgᵢ comes back. The weights are
 * computed on the host in float64 (through `hostCall`, so that the whole can be traced); everything large stays on the backend.
 * The caller owns the tensors returned; nothing else is left behind.
 */
export function multiTaskGradients<P extends Params, S>(options: MultiTaskGradientsOptions<P, S>): MultiTaskGradients<P, S> {
  const { method, params, wrt } = options;
  const tasks = options.tasks ?? tidy(() => options.losses(params).size);
  const names = typeof tasks === 'number' ? balancingContext({ tasks }).tasks : tasks;
  let state: S | undefined;

  const tensors = tidy(() => {
    const { values, rows } = jacobianRows(options.losses, params, { wrt, tasks: names.length });
    const present = options.present ?? (ones([names.length]) as Tensor1D);
    const sharedRows = options.shared === undefined ? rows : rows.map((row) => sharedPart(row, options.shared!));
    const gramian = gramianOf(sharedRows);
    const [weights] = hostCall([gramian, values, present], [[names.length]], ([products, losses, presence]) => {
      const given = ask(options.context) ?? {};
      const context = { ...balancingContext({ tasks: names, step: given.step, epoch: given.epoch, losses, present: presence }), ...given };
      const result = method.weigh(products!, ask(options.state) ?? state ?? method.init(names), {
        ...context,
        losses: losses!,
        present: presence!,
      });
      state = result.state;
      options.onState?.(result.state);
      return [result.weights];
    }) as [Tensor1D];
    const balanced = combineRows(sharedRows, weights);
    const gradients = (options.shared === undefined ? balanced : merge(combineRows(rows, present), balanced)) as P;
    return { gradients, losses: values, gramian, weights, conflict: conflictOf(gramian, present) };
  });
  return { ...tensors, state: state as S };
}

function sharedPart(row: Params, shared: Pattern): Params {
  const part = select(row, shared);
  if (flatten(part).size > 0) return part;
  throw new TaskloomError('nothing_shared', 'No parameter matches `shared`.', {
    name: 'shared',
    got: shared,
    expected: [...flatten(row).keys()],
  });
}

function ask<T>(value: T | (() => T) | undefined): T | undefined {
  return typeof value === 'function' ? (value as () => T)() : value;
}
