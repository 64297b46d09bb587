import {
  addParams,
  disposeParams,
  type MultiTaskModel,
  type MultiTaskParams,
  merge,
  type Params,
  type Pattern,
  type Random,
  type Scalarization,
  valueAndGradients,
} from '@taskloom/core';
import { add, addN, mul, type Scalar, sum, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core';
import { forward, type TensorBatch, zero } from './forward';

/** One of the batches that an update sees. `present` [tasks] is 1 where the task has labelled rows here; `share` [tasks] is this batch's part of the task's labels, 1 in all. */
export interface MicroBatch extends TensorBatch {
  readonly present: Tensor1D;
  readonly share: Tensor1D;
}

/** What is learned: the model's parameters and, as a branch of its own, those of a scalarization. */
export type Trainable = MultiTaskParams & { readonly balancing?: Params };

export interface StepGradients {
  readonly gradients: Params;
  /** [tasks]: over all micro-batches, each by its share of the labels. */
  readonly losses: Tensor1D;
  /** The total loss with the auxiliary losses. */
  readonly total: Scalar;
  /** [tasks]: ∂total/∂lossᵢ. */
  readonly weights: Tensor1D;
  readonly buffers: Params;
}

export interface GradientInputs {
  readonly model: MultiTaskModel;
  readonly tasks: readonly string[];
  readonly trainable: Trainable;
  readonly buffers: Params;
  readonly batches: readonly MicroBatch[];
  readonly random: Random;
  readonly wrt: Pattern;
}

/**
 * ∇ Σᵢ wᵢ Lᵢ for given weights [tasks], or ∇ total(L) for a scalarization; one backward pass per micro-batch. With given weights, k micro-batches give
 * exactly the gradient of their rows in one batch; a scalarization that is not linear in the losses is averaged over the micro-batches.
 */
export function summedGradients(inputs: GradientInputs, balancing: Tensor1D | Scalarization): StepGradients {
  const { model, tasks, trainable, batches, random, wrt } = inputs;
  const scalarization = 'kind' in balancing ? balancing : undefined;
  let buffers = inputs.buffers;
  let gradients: Params | undefined;
  const losses: Tensor[] = [];
  const totals: Tensor[] = [];
  const weights: Tensor[] = [];
  for (const [i, batch] of batches.entries()) {
    const part = 1 / batches.length;
    const total = (own: Tensor1D, parameters: Params): Scalar =>
      scalarization
        ? mul(scalarization.total(own, parameters, batch.present), part)
        : sum(mul(mul(own, batch.share), balancing as Tensor1D));
    const pass = valueAndGradients(
      (params) => {
        const { losses: own, auxiliary, changed } = forward(model, params, buffers, batch, random.fold(i), tasks);
        const value = total(own, params.balancing ?? {});
        return { value: auxiliary ? (add(value, mul(auxiliary, part)) as Scalar) : value, aux: { own, changed } };
      },
      trainable,
      { wrt },
    );
    const own = pass.aux.own as Tensor1D;
    losses.push(mul(own, batch.share));
    totals.push(pass.value);
    if (scalarization)
      weights.push(
        valueAndGradients(({ losses }) => total(losses as Tensor1D, trainable.balancing ?? {}), { losses: own }).gradients.losses,
      );
    buffers = merge(buffers, pass.aux.changed as Params);
    gradients = sumOf(gradients, pass.gradients);
  }
  return {
    gradients: gradients!,
    losses: addN(losses) as Tensor1D,
    total: addN([zero(), ...totals]) as Scalar,
    weights: scalarization ? (addN(weights) as Tensor1D) : (balancing as Tensor1D),
    buffers,
  };
}

/** a + b, the old sum freed at once so that only one is held. */
export function sumOf(sum: Params | undefined, next: Params): Params {
  if (!sum) return next;
  const added = addParams(sum, next);
  disposeParams(sum);
  disposeParams(next);
  return added;
}
