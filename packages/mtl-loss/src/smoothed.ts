import { checkNumbers, type FeatureBalancer, type GradientBalancer, type LossWeighting } from '@taskloom/core';
import { byPresence } from './present-tasks';
import { filled } from './vectors';
import { wholly, wrappedState } from './wrapped-state';

/** The running weights (NaN for a task not met yet), and the method's own state. */
export interface SmoothedState<S> {
  readonly weights: Float64Array;
  readonly inner: S;
}

/**
 * `method` with exponentially averaged weights: w ← ema · w + (1 − ema) · new, from the first weights on; `ema` from 0 (no averaging) to just below 1. A task's average
 * rests while it is absent. It steadies weights that jump with each batch, and with them the method's promises hold on average, not in each step.
 */
export function smoothed<S>(method: FeatureBalancer<S>, ema: number): FeatureBalancer<SmoothedState<S>>;
export function smoothed<S>(method: GradientBalancer<S>, ema: number): GradientBalancer<SmoothedState<S>>;
export function smoothed<S>(method: LossWeighting<S>, ema: number): LossWeighting<SmoothedState<S>>;
export function smoothed<S>(
  method: GradientBalancer<S> | LossWeighting<S>,
  ema: number,
): GradientBalancer<SmoothedState<S>> | LossWeighting<SmoothedState<S>> {
  checkNumbers({ ema }, 0, 0.999999);
  const wrapped = {
    ...wrappedState(method, (tasks) => ({ weights: filled(tasks.length) })),
    weigh(input: Float64Array, state: SmoothedState<S>, context: Parameters<typeof method.weigh>[2]) {
      const { weights: fresh, state: inner } = method.weigh(input, state.inner, context);
      const { weights: kept } = state;
      const average = (i: number) => (Number.isFinite(kept[i]) ? ema * kept[i]! + (1 - ema) * fresh[i]! : fresh[i]!);
      return { weights: byPresence(context.present, average), state: { weights: byPresence(context.present, average, kept), inner } };
    },
  };
  // What only loss weightings have.
  const weighting = method as LossWeighting<S>;
  const { endEpoch, afterStep } = weighting;
  return {
    ...weighting,
    ...wrapped,
    beforehand: wholly(weighting),
    endEpoch: endEpoch && ((state) => ({ ...state, inner: endEpoch.call(method, state.inner) })),
    afterStep: afterStep && ((losses, state, context) => ({ ...state, inner: afterStep.call(method, losses, state.inner, context) })),
  };
}
