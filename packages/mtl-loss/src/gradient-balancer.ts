import type { FeatureBalancer, GradientBalancer } from '@taskloom/core';
import type { Matrix } from './matrix';
import { type Present, weighGramian } from './present-tasks';

/** Gramian of the present tasks (finite) → their weights. */
type Rule = (gramian: Matrix, ...present: Present) => ArrayLike<number>;

type Traits = Partial<Pick<GradientBalancer, 'features' | 'needs'>>;

/** A balancer without state from its rule. `features`: its weights are sound at a shared representation too. */
export function statelessBalancer(name: string, rule: Rule, traits: Traits & { readonly features: true }): FeatureBalancer<null>;
export function statelessBalancer(name: string, rule: Rule): GradientBalancer<null>;
export function statelessBalancer(name: string, rule: Rule, traits: Traits = {}): GradientBalancer<null> {
  return {
    kind: 'gradient-balancer',
    name,
    needs: ['gramian'],
    ...traits,
    init: () => null,
    weigh: (gramian, state, context) => ({ weights: weighGramian(gramian, context, rule), state }),
  };
}
