import {
  addParams,
  disposeParams,
  hostCall,
  type MultiTaskModel,
  type MultiTaskParams,
  merge,
  type Params,
  type Pattern,
  type Random,
  type Scalarization,
  valueAndGradients,
} from '@taskloom/core';
import { add, addN, customGrad, mul, onesLike, type Scalar, sum, type Tensor, type Tensor1D, zerosLike } from '@tensorflow/tfjs-core';
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
  /** The rows that a Jacobian method carries on, where one balances. */
  readonly memory?: Params;
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

/** Loss weights of a batch on the host, from its losses and 1 or 0 for each task's presence. */
export type WeighLosses = (losses: Float64Array, present: Float64Array) => Float64Array;

/** Loss weights of a batch that the host knows before its losses, up to a function of these: nothing of the step waits for the host, nor the host for it. */
export interface Beforehand {
  readonly beforehand: (present: Float64Array) => Float64Array;
  readonly ofLosses?: (known: Tensor1D, losses: Tensor1D) => Tensor1D;
}

/** The total of a batch's losses: a scalarization, weights from the host, or the plain sum. */
export type Total = Scalarization | WeighLosses | Beforehand | 'sum';

/**
 * ∇ total(L), one backward pass per micro-batch. Host weights are taken as constants. The plain sum over k micro-batches has exactly the gradient of
 * their rows in one batch; host weights are asked for each micro-batch, and a scalarization is averaged over them.
 */
export function summedGradients(inputs: GradientInputs, balancing: Total): StepGradients {
  const { model, tasks, trainable, batches, random, wrt } = inputs;
  const part = 1 / batches.length;
  let buffers = inputs.buffers;
  let gradients: Params | undefined;
  const losses: Tensor[] = [];
  const totals: Tensor[] = [];
  const weights: Tensor[] = [];
  for (const [i, batch] of batches.entries()) {
    const pass = valueAndGradients(
      (params) => {
        const { losses: own, auxiliary, changed } = forward(model, params, buffers, batch, random.fold(i), tasks);
        const { value, weights: w } = totalOf(balancing, own, batch, part, params.balancing);
        return { value: auxiliary ? (add(value, mul(auxiliary, part)) as Scalar) : value, aux: { own, changed, ...(w ? { w } : {}) } };
      },
      trainable,
      { wrt },
    );
    const { own, changed, w } = pass.aux as unknown as { own: Tensor1D; changed: Params; w?: Tensor1D };
    losses.push(mul(own, batch.share));
    totals.push(pass.value);
    weights.push(w ?? derivative(balancing, own, batch, part, trainable.balancing));
    buffers = merge(buffers, changed);
    gradients = sumOf(gradients, pass.gradients);
  }
  return {
    gradients: gradients!,
    losses: addN(losses) as Tensor1D,
    total: addN([zero(), ...totals]) as Scalar,
    weights: addN(weights) as Tensor1D,
    buffers,
  };
}

/** The losses [tasks] of the same batches with other parameters, under the same random draws; what the pass does to buffers is dropped. */
export function lossesWith(trainable: Trainable, { model, tasks, batches, random, buffers: before }: GradientInputs): Tensor1D {
  let buffers = before;
  const losses = batches.map((batch, i) => {
    const { losses: own, changed } = forward(model, trainable, buffers, batch, random.fold(i), tasks);
    buffers = merge(buffers, changed);
    return mul(own, batch.share);
  });
  return addN(losses) as Tensor1D;
}

/** A micro-batch's part of the total, and the weights that the host gave, times that part. */
function totalOf(
  balancing: Total,
  losses: Tensor1D,
  { share, present }: MicroBatch,
  part: number,
  parameters: Params = {},
): { value: Scalar; weights?: Tensor1D } {
  if (balancing === 'sum') return { value: sum(mul(losses, share)) };
  if (typeof balancing === 'object' && 'kind' in balancing) return { value: mul(balancing.total(losses, parameters, present), part) };
  const weights = hostWeights(losses, present, balancing);
  return { value: sum(mul(mul(losses, share), weights)), weights: mul(weights, part) };
}

/** ∂total/∂losses where no host has given it. */
function derivative(balancing: Total, losses: Tensor1D, batch: MicroBatch, part: number, parameters?: Params): Tensor {
  if (balancing === 'sum') return mul(onesLike(losses), part);
  return valueAndGradients(({ losses: x }) => totalOf(balancing, x as Tensor1D, batch, part, parameters).value, { losses }).gradients
    .losses;
}

/** Weights from the host and from the losses, constant to the backward pass. */
function hostWeights(losses: Tensor1D, present: Tensor1D, weigh: WeighLosses | Beforehand): Tensor1D {
  const weights = (x: Tensor1D) => {
    if (typeof weigh === 'function') return hostCall([x, present], [x.shape], ([l, p]) => [weigh(l!, p!)])[0] as Tensor1D;
    const [known] = hostCall([present], [x.shape], ([p]) => [weigh.beforehand(p!)]) as [Tensor1D];
    return weigh.ofLosses ? weigh.ofLosses(known, x) : known;
  };
  const call = customGrad((x) => ({ value: weights(x as Tensor1D), gradFunc: () => zerosLike(losses) }));
  return call(losses) as Tensor1D;
}

/** a + b, the old sum freed at once so that only one is held. */
export function sumOf(sum: Params | undefined, next: Params): Params {
  if (!sum) return next;
  const added = addParams(sum, next);
  disposeParams(sum);
  disposeParams(next);
  return added;
}
