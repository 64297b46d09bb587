import { addParams, mapParams, type Params, type Pattern, TaskloomError, valueAndGradients } from '@taskloom/core';
import { div, mean, type Scalar, scalar, stack, sum, type Tensor, type Tensor1D, tidy } from '@tensorflow/tfjs-core';
import { adaptingLeaves, type InnerLearningRate, innerLoop, type MetaLoss } from './inner-loop';
import { countTasks, stackParams } from './task-axis';

/** A task as meta-learning sees it: data to adapt on, data to be judged on. In the batched form every tensor has a first axis [tasks]. */
export interface Episode<D> {
  readonly support: D;
  readonly query: D;
}

export interface MamlOptions<P extends Params, D> {
  /** Pure loss of (params, data): float32 [] for one task, or with `batched` float32 [tasks] for stacked params and data. */
  readonly loss: MetaLoss<P, D>;
  /** α of the inner loop. Default 0.01, as in the paper's sinusoid experiment. */
  readonly innerLearningRate?: InnerLearningRate;
  /** Inner gradient steps. Default 1. */
  readonly steps?: number;
  /** `second` (default) differentiates through the inner gradients: MAML; `first` takes them as constants: FOMAML. */
  readonly order?: 'first' | 'second';
  /** How the tasks' query losses become the meta-loss. Default `mean`. */
  readonly reduce?: 'mean' | 'sum';
  /** The leaves that the inner loop adapts; default all float32 leaves. With the head's pattern alone this is ANIL. All leaves get meta-gradients. */
  readonly adapts?: Pattern;
  /** Leaves that the inner loop leaves alone; wins over `adapts`. */
  readonly frozen?: Pattern;
}

/** What a single call may change: evaluate with more steps than trained with, or pass learned rates (Meta-SGD). */
export interface AdaptOptions {
  readonly steps?: number;
  readonly innerLearningRate?: InnerLearningRate;
}

/** `Tasks` is a list of episodes, or in the batched form one episode of stacked data. */
export interface Maml<P extends Params, D, Tasks> {
  /** φ after the inner loop on `support`; batched: leaves [tasks, …]. Fresh tensors that the caller owns. Differentiable. */
  adapt(params: P, support: D, options?: AdaptOptions): P;
  /** The meta-loss, float32 []; differentiable with respect to `params` and to a tree of rates. The caller owns it. */
  metaLoss(params: P, tasks: Tasks, options?: AdaptOptions): Scalar;
  /** The meta-loss, its gradients (structure of `params`; a non-float leaf is refused) and the query losses `perTask` [tasks]. The caller owns all. */
  metaGradients(params: P, tasks: Tasks, options?: AdaptOptions): { value: Scalar; gradients: P; perTask: Tensor1D };
}

/**
 * Model-agnostic meta-learning (C. Finn, P. Abbeel, S. Levine 2017, arXiv 1703.03400): parameters θ from which a few gradient steps on a new
 * task's support set go far. meta-loss(θ) = mean over tasks of L_query(φ), φ = θ − α ∇L_support(θ), repeated `steps` times.
 *
 * One `loss` serves MAML, first-order MAML (`order: 'first'`) and ANIL (`adapts`; Raghu et al. 2020, arXiv 1909.09157). Nothing is mutated
 * and nothing leaks. With `batched` all tasks run as one graph over stacked parameters, several times faster on small models.
 */
export function maml<P extends Params, D>(options: MamlOptions<P, D> & { readonly batched: true }): Maml<P, D, Episode<D>>;
export function maml<P extends Params, D>(options: MamlOptions<P, D> & { readonly batched?: false }): Maml<P, D, readonly Episode<D>[]>;
export function maml<P extends Params, D>(
  options: MamlOptions<P, D> & { readonly batched?: boolean },
): Maml<P, D, Episode<D>> | Maml<P, D, readonly Episode<D>[]> {
  const { loss, order = 'second', reduce = 'mean', batched = false } = options;
  const adapts = adaptingLeaves(options.adapts, options.frozen);

  const inner = (call: AdaptOptions = {}) => {
    const steps = call.steps ?? options.steps ?? 1;
    if (!Number.isInteger(steps) || steps < 0)
      throw new TaskloomError('bad_option', 'The number of inner steps is not a whole number.', {
        name: 'steps',
        got: steps,
        expected: '0, 1, 2, …',
      });
    return { steps, learningRate: call.innerLearningRate ?? options.innerLearningRate ?? 0.01, detached: order === 'first', adapts };
  };

  /** φ, not yet owned by anybody; its frozen leaves are those of `params`. */
  const adapted = (params: P, support: D, call?: AdaptOptions): P =>
    innerLoop(loss, batched ? stackParams(params, countTasks(support)) : params, support, inner(call));

  const queryLoss = (params: P, query: D, call?: AdaptOptions): Tensor => {
    const result = loss(params, query, { phase: 'query', step: inner(call).steps });
    if (result.rank !== (batched ? 1 : 0))
      throw new TaskloomError('shape_mismatch', `The loss of a ${batched ? 'batched ' : ''}MAML has the wrong shape.`, {
        name: 'loss',
        expected: batched ? '[tasks]' : '[]',
        got: `[${result.shape}]`,
      });
    return result;
  };

  /** Query losses of one episode (or of one stacked batch) and the gradients of their sum. */
  const episodeGradients = (params: P, { support, query }: Episode<D>, call?: AdaptOptions) => {
    const judged = (phi: P) => {
      const losses = queryLoss(phi, query, call);
      return { value: sum(losses) as Scalar, aux: { losses } };
    };
    if (order === 'second') return valueAndGradients((theta: P) => judged(adapted(theta, support, call)), params);
    // With the inner gradients constant, ∂φ/∂θ = 1: differentiate at φ, after a loop that kept nothing for a backward pass.
    const result = valueAndGradients(judged, adapted(params, support, call));
    return batched ? { ...result, gradients: mapParams(result.gradients, (gradient) => sum(gradient, 0)) } : result;
  };

  const reduced = (losses: Tensor): Scalar => (reduce === 'mean' ? mean(losses) : sum(losses)) as Scalar;
  const listOf = (tasks: Episode<D> | readonly Episode<D>[]): readonly Episode<D>[] => {
    const list = Array.isArray(tasks) ? (tasks as readonly Episode<D>[]) : [tasks as Episode<D>];
    if (list.length === 0) throw new TaskloomError('no_tasks', 'A meta-loss needs at least one task.', { name: 'tasks' });
    return list;
  };

  return {
    adapt: (params: P, support: D, call?: AdaptOptions): P => tidy(() => mapParams(adapted(params, support, call), (leaf) => leaf.clone())),

    metaLoss: (params: P, tasks: Episode<D> | readonly Episode<D>[], call?: AdaptOptions): Scalar =>
      tidy(() => {
        const losses = listOf(tasks).map((task) => queryLoss(adapted(params, task.support, call), task.query, call));
        return reduced(batched ? losses[0]! : stack(losses));
      }),

    metaGradients: (params: P, tasks: Episode<D> | readonly Episode<D>[], call?: AdaptOptions) =>
      tidy(() => {
        const losses: Tensor[] = [];
        let total: P | undefined;
        for (const task of listOf(tasks)) {
          // Each task's tape is gone before the next one starts.
          const part = tidy(() => {
            const { aux, gradients } = episodeGradients(params, task, call);
            return { losses: aux.losses, gradients: total ? addParams(gradients, total) : gradients };
          });
          losses.push(part.losses);
          total = part.gradients;
        }
        const perTask = (batched ? losses[0]! : stack(losses)) as Tensor1D;
        const share = scalar(reduce === 'mean' ? perTask.size : 1);
        return { value: reduced(perTask), gradients: mapParams(total!, (leaf) => div(leaf, share)), perTask };
      }),
  } as Maml<P, D, Episode<D>> & Maml<P, D, readonly Episode<D>[]>;
}
