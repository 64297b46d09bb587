import type { BalancingContext, FeatureBalancer, GradientBalancer, LossWeighting } from '@taskloom/core';
import { weighPresent } from './present-tasks';
import { type TaskValues, taskValues } from './task-values';
import { relative } from './vectors';
import { wholly } from './wrapped-state';

/** A positive number a task, by name or in the order of the tasks; only their ratios count. */
export type Priorities = TaskValues;

/**
 * `method` with its weights multiplied by priorities, which are first divided by their mean over the present tasks: a task of priority 2 counts twice as much, whatever the
 * method makes of the scale of its loss. What a method promises for each task (no conflict, weights of sum 1) it then promises no longer.
 * UPGrad, DualProj, Aligned-MTL and ConFIG have preferences of their own, which keep their promises.
 */
export function withPriorities<S>(method: FeatureBalancer<S>, priorities: Priorities): FeatureBalancer<S>;
export function withPriorities<S>(method: GradientBalancer<S>, priorities: Priorities): GradientBalancer<S>;
export function withPriorities<S>(method: LossWeighting<S>, priorities: Priorities): LossWeighting<S>;
export function withPriorities<S>(
  method: GradientBalancer<S> | LossWeighting<S>,
  priorities: Priorities,
): GradientBalancer<S> | LossWeighting<S> {
  const prioritiesOf = taskValues('priorities', priorities, Number.MIN_VALUE, undefined, 'weight_missing');
  const weigh = (input: Float64Array, state: S, context: BalancingContext) => {
    const { weights, state: next } = method.weigh(input, state, context);
    const own = (present: BalancingContext, places: readonly number[]) => {
      return relative(prioritiesOf(present, 1, places)).map((priority, k) => weights[places[k]!]! * priority);
    };
    return { weights: weighPresent(context, own), state: next };
  };
  const weighting = method as LossWeighting<S>;
  return { ...weighting, beforehand: wholly(weighting), weigh };
}
