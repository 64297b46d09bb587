import { type Params, valueAndGradients } from '@taskloom/core';
import type { TotalLoss } from '@taskloom/mtl-loss';
import { type Tensor1D, tensor1d } from '@tensorflow/tfjs-core';

/** A scalarization's total, its derivative with respect to the losses (the weights) and to its own parameters. */
export function differentiate<P extends Params>(method: TotalLoss<P>, losses: number[], parameters: P) {
  const { value, gradients } = valueAndGradients((all: { losses: Tensor1D; own: P }) => method.total(all.losses, all.own), {
    losses: tensor1d(losses),
    own: parameters,
  });
  return { total: value.dataSync()[0]!, weights: gradients.losses.dataSync(), own: gradients.own };
}
