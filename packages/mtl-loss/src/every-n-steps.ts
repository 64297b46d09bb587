import { checkCounts, type FeatureBalancer, type GradientBalancer } from '@taskloom/core';
import { byPresence, placesOf } from './present-tasks';
import { filled } from './vectors';
import { wrappedState } from './wrapped-state';

/** The weights of the last computation (NaN for a task that had no part in it), the steps since, and the method's own state. */
export interface EveryNStepsState<S> {
  readonly weights: Float64Array;
  readonly age: number;
  readonly inner: S;
}

/**
 * `method`, asked in every n-th step only; its weights are kept between, whatever the gradients do (Nash-MTL's authors do so). An absent task has weight 0 and its own again
 * when it is back. A task that has none yet, or a step in which nothing is kept, has all computed anew.
 * It saves the weights' computation, and makes them change less often; the gradients are there all the same.
 */
export function everyNSteps<S>(method: FeatureBalancer<S>, n: number): FeatureBalancer<EveryNStepsState<S>>;
export function everyNSteps<S>(method: GradientBalancer<S>, n: number): GradientBalancer<EveryNStepsState<S>>;
export function everyNSteps<S>(method: GradientBalancer<S>, n: number): GradientBalancer<EveryNStepsState<S>> {
  checkCounts({ n }, 1);
  return {
    ...method,
    ...wrappedState(method, (tasks) => ({ weights: filled(tasks.length), age: 0 })),
    weigh(gramian, state, context) {
      const { present } = context;
      let { weights, age, inner } = state;
      if (age % n === 0 || !placesOf(present).every((i) => Number.isFinite(state.weights[i]))) {
        const made = method.weigh(gramian, inner, context);
        weights = byPresence(present, (i) => made.weights[i]!, filled(present.length));
        inner = made.state;
        age = 0;
      }
      return { weights: byPresence(present, (i) => weights[i]!), state: { weights, age: age + 1, inner } };
    },
  };
}
