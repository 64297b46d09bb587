import {
  addParams,
  balancingContext,
  disposeParams,
  type LossWeighting,
  mapParams,
  type Params,
  type Scalarization,
  valueAndGradients,
} from '@taskloom/core';
import { adam } from '@taskloom/core/optimizers';
import { keep, ones, scalar, type Tensor1D, tensor1d, tidy } from '@tensorflow/tfjs-core';

/** A weighting where losses come as numbers, one pass after another. */
export interface Weigher {
  /** `commit` once it is known that the pass was one of training. */
  weigh(losses: Float64Array): { readonly total: number; readonly weights: Float64Array; commit(): void };
  beginEpoch(epoch: number): void;
  endEpoch(): void;
  dispose(): void;
}

export function hostWeigher<S>(method: LossWeighting<S>, tasks: readonly string[], seed: number | string): Weigher {
  let state = method.init(tasks);
  let step = 0;
  let epoch = 0;
  return {
    weigh(losses) {
      const { weights, state: next } = method.weigh(losses, state, balancingContext({ tasks, step, epoch, losses, seed }));
      return {
        weights,
        total: weights.reduce((sum, weight, i) => sum + weight * losses[i]!, 0),
        commit() {
          state = next;
          step++;
        },
      };
    },
    beginEpoch(number) {
      epoch = number;
    },
    endEpoch() {
      if (method.endEpoch) state = method.endEpoch(state);
    },
    dispose() {},
  };
}

/** Its parameters, where it has some, are trained by Adam. */
export function scalarizationWeigher<P extends Params>(method: Scalarization<P>, tasks: readonly string[], learningRate: number): Weigher {
  const optimizer = adam();
  let parameters = kept(() => method.init(tasks));
  let moments = kept(() => optimizer.init(parameters));
  let step = 0;

  /** Total and derivatives at the losses and parameters given. */
  const differentiate = (losses: Float64Array) =>
    valueAndGradients((all: { losses: Tensor1D; own: P }) => method.total(all.losses, all.own, ones([tasks.length])), {
      losses: tensor1d(Float32Array.from(losses)),
      own: parameters,
    });

  // Within a backward pass, where `commit` is called, TensorFlow.js cannot differentiate: the step is made before the next pass.
  let committed: Float64Array | undefined;
  const train = () => {
    if (!committed || Object.keys(parameters).length === 0) return;
    const before = [parameters, moments];
    const { own } = differentiate(committed).gradients;
    const { updates, state } = optimizer.update(own, moments, parameters, { step: scalar(step), learningRate: scalar(learningRate) });
    parameters = kept(() => addParams(parameters, updates) as P);
    moments = kept(() => state);
    for (const old of before) disposeParams(old);
    committed = undefined;
    step++;
  };

  return {
    weigh(losses) {
      const [total, weights] = tidy(() => {
        train();
        const { value, gradients } = differentiate(losses);
        return [value.dataSync()[0]!, gradients.losses.dataSync<'float32'>()];
      }) as [number, Float32Array];
      return {
        total,
        weights: Float64Array.from(weights),
        commit() {
          committed = losses;
        },
      };
    },
    beginEpoch() {},
    endEpoch() {},
    dispose() {
      for (const tree of [parameters, moments]) disposeParams(tree);
    },
  };
}

/** Tensors that outlive every scope. */
function kept<P extends Params>(make: () => P): P {
  return tidy(() => mapParams(make(), (leaf) => keep(leaf.clone())) as P);
}
