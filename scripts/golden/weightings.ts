import { log, uncertainty } from '@taskloom/mtl-loss';
import { tensor1d } from '@tensorflow/tfjs-core';
import type { Cases, Check, GoldenCase, Handler, Precision } from './golden';
import { balancesDual } from './jacobian-methods';
import { differentiate } from './total';
import { cases as hosted } from './weightings-hosted';
import { cases as totals } from './weightings-totals';

/** Scalarizations are computed in tensors. */
export const precision: Precision = 'float32';

interface UncertaintyStep {
  readonly losses: number[];
  readonly logVariances?: number[];
  readonly sigma?: number[];
  readonly loss: number;
  readonly weights: number[];
  readonly reportedWeights?: number[];
  readonly gradients: number[];
}

/** The benchmark of Nash-MTL reports twice the derivative. */
const kendall: Handler = ({ variant, options, steps }) => {
  const factor = variant.startsWith('navon') ? 2 : 1;
  const method = uncertainty({ initial: options.initialLogVariance as number });
  return (steps as UncertaintyStep[]).flatMap((step, i): Check[] => {
    const logVariances = i === 0 ? method.init(step.losses.map(String)).logVariances : tensor1d(step.logVariances!);
    const got = differentiate(method, step.losses, { logVariances });
    return [
      { name: `log-variances, step ${i}`, got: logVariances.dataSync(), expected: step.logVariances! },
      { name: `total, step ${i}`, got: got.total, expected: step.loss },
      { name: `weights, step ${i}`, got: got.weights, expected: step.weights },
      { name: `reported weights, step ${i}`, got: got.weights.map((weight) => factor * weight), expected: step.reportedWeights! },
      { name: `gradients, step ${i}`, got: got.own.logVariances.dataSync(), expected: step.gradients },
    ];
  });
};

/** The reference's parameter is σ, ours is s = log σ²: d/dσ = 2/σ · d/ds. */
const revised: Handler = ({ steps }) => {
  const method = uncertainty({ form: 'revised' });
  return (steps as UncertaintyStep[]).flatMap((step, i): Check[] => {
    const got = differentiate(method, step.losses, { logVariances: tensor1d(step.sigma!.map((sigma) => 2 * Math.log(sigma))) });
    const slopes = got.own.logVariances.dataSync().map((slope, task) => (slope * 2) / step.sigma![task]!);
    return [
      { name: `total, step ${i}`, got: got.total, expected: step.loss },
      { name: `weights, step ${i}`, got: got.weights, expected: step.weights },
      { name: `gradients, step ${i}`, got: slopes, expected: step.gradients },
    ];
  });
};

const scaleInvariant: Handler = ({ steps }) =>
  (steps as UncertaintyStep[]).flatMap((step, i): Check[] => {
    const got = differentiate(log({ epsilon: 0 }), step.losses, {});
    return [
      { name: `total, step ${i}`, got: got.total, expected: step.loss },
      { name: `weights, step ${i}`, got: got.weights, expected: step.weights },
    ];
  });

function uncertaintyOf(given: GoldenCase) {
  return given.variant.startsWith('revised') ? revised(given) : kendall(given);
}

export const cases: Cases = {
  'db-mtl': balancesDual,
  ...totals,
  ...hosted,
  uw: uncertaintyOf,
  'scale-invariant': scaleInvariant,
};
