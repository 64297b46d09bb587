import type { BalancingContext, JacobianMethod } from '@taskloom/core';
import { type CarriedWeights, equalWeights, stepWeights } from './carried-weights';
import { block, type Matrix, matrixOf } from './matrix';

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
  return {
    kind: 'jacobian-method',
    name,
    needs: ['gramian', 'gradients', 'batches'],
    batches: 3,
    init: equalWeights,
    weigh(gramian, before, context) {
      const tasks = context.present.length;
      const { weights: moved, state } = stepWeights(before, context, (own, places) => {
        const rows = (from: number) => places.map((i) => from * tasks + i);
        return move(own, (one, other) => block(matrixOf(gramian, 3 * tasks), rows(one), rows(other)));
      });
      const weights = weightsOf(moved, context.present);
      const coefficients = new Float64Array(3 * tasks);
      coefficients.set(weights, batch * tasks);
      return { weights, coefficients, state };
    },
  };
}
