import { type BalancingContext, hostRowsOf, type JacobianMethod, jacobianMethod } from '@taskloom/core';
import { type CarriedWeights, equalWeights, stepWeights } from './carried-weights';
import { block, type Matrix } from './matrix';

/** Inner products [i, j] of the gradient of task i in one batch with that of task j in another, of the present tasks. */
export type BetweenBatches = (one: number, other: number) => Matrix;

/** A method that carries simplex weights, and compares the gradients of three independent batches: products of two batches have no bias, where those of one have. */
export function threeBatches(
  name: string,
  /** The batch whose rows the update combines. */
  batch: number,
  move: (weights: Float64Array, between: BetweenBatches) => Float64Array,
  /** With which weights. */
  weightsOf: (moved: Float64Array, present: BalancingContext['present']) => Float64Array = (moved) => moved,
): JacobianMethod<CarriedWeights> {
  return jacobianMethod({
    name,
    needs: ['gramian', 'gradients', 'batches'],
    batches: 3,
    init: equalWeights,
    step({ gramian, combine }, before, context) {
      const { length: tasks } = context.present;
      const { weights: moved, state } = stepWeights(before, context, (own, places) =>
        move(own, (one, other) => block(hostRowsOf(gramian(one, other), tasks), places)),
      );
      return { update: combine(weightsOf(moved, context.present), batch), state };
    },
  });
}
