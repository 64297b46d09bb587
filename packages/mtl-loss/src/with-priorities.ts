import type { BalancingContext, FeatureBalancer, GradientBalancer, LossWeighting } from '@taskloom/core';
import { type TaskValues, taskValues } from './task-values';

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
  const priorityOf = taskValues('priorities', priorities, Number.MIN_VALUE, undefined, 'weight_missing');
  const weigh = (input: Float64Array, state: S, context: BalancingContext) => {
    const { weights, state: next } = method.weigh(input, state, context);
    const own = context.tasks.map((task, i) => (context.present[i]! > 0 ? priorityOf(task, i)! : 0));
    const mean = own.reduce((a, b) => a + b, 0) / own.filter((priority) => priority > 0).length;
    return { weights: weights.map((weight, i) => (own[i]! > 0 ? weight * (own[i]! / mean) : 0)), state: next };
  };
  return { ...method, weigh };
}
