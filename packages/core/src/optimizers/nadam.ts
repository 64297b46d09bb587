import { add, div, mul, pow, scalar, sqrt, sub, type Tensor, tidy, zerosLike } from '@tensorflow/tfjs-core';
import { mapParams, type Params, zipParams } from '../params';
import { chain } from './chain';
import { average, averageSquare, biasCorrection, count } from './moments';
import { fraction, nonNegative } from './options';
import { addDecayedWeights, type DecayOptions, scaleByLearningRate } from './scale';
import type { Optimizer, StepInfo } from './transformation';

export interface NadamOptions extends DecayOptions {
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
  /** ψ of the momentum schedule. Default 0.004. */
  readonly momentumDecay?: number;
  /** Let μₜ enter Πₜ₊₁ twice, as PyTorch 1.13 does: to continue its runs. Default false, the paper's product. */
  readonly repeatMomentum?: boolean;
}

/**
 * NAdam: μₜ = β₁(1 − ½·0.96^(tψ)), Πₜ = μ₁…μₜ, x ← x − α [ (1 − μₜ)/(1 − Πₜ) g + μₜ₊₁/(1 − Πₜ₊₁) m ] / (√v̂ + ε).
 * State `{ mean, variance, product }`, the last a scalar: Πₜ. Dozat 2016 (ICLR workshop, "Incorporating Nesterov momentum into Adam").
 */
export function nadam({
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  momentumDecay = 0.004,
  repeatMomentum = false,
  weightDecay,
  decayMask,
}: NadamOptions = {}): Optimizer {
  fraction('beta1', beta1);
  fraction('beta2', beta2);
  nonNegative('epsilon', epsilon);
  nonNegative('momentumDecay', momentumDecay);
  const momentum = (t: Tensor) => mul(sub(1, mul(0.5, pow(scalar(0.96), mul(t, momentumDecay)))), beta1);
  const scaleByNadam: Optimizer = {
    init: (params) =>
      tidy(() => ({
        mean: mapParams(params, (leaf) => zerosLike(leaf)),
        variance: mapParams(params, (leaf) => zerosLike(leaf)),
        product: scalar(1),
      })),
    update: <P extends Params>(gradients: P, state: Params, _: P, { step }: StepInfo) =>
      tidy(() => {
        const t = count(step);
        const now = momentum(t);
        const next = momentum(add(t, 1));
        const product = mul(state.product as Tensor, now);
        const ofGradient = div(sub(1, now), sub(1, product));
        const ofMean = div(next, sub(1, mul(repeatMomentum ? mul(product, now) : product, next)));
        const correction = biasCorrection(beta2, t);
        const mean = zipParams(gradients, [state.mean as Params], ([g, m]) => average(m!, g!, beta1));
        const variance = zipParams(gradients, [state.variance as Params], ([g, v]) => averageSquare(v!, g!, beta2));
        const updates = zipParams(gradients, [mean, variance], ([g, m, v]) =>
          div(add(mul(g!, ofGradient), mul(m!, ofMean)), add(sqrt(div(v!, correction)), epsilon)),
        );
        return { updates, state: { mean, variance, product: product } as Params };
      }),
  };
  return chain(addDecayedWeights({ weightDecay, decayMask }), scaleByNadam, scaleByLearningRate());
}
