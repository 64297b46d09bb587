import { type Params, valueAndGradients } from '@taskloom/core';
import { balancingContext, dynamicWeightAverage, log, type TotalLoss, uncertainty } from '@taskloom/mtl-loss';
import { type Tensor1D, tensor1d } from '@tensorflow/tfjs-core';
import type { Cases, Check, GoldenCase, Handler, Precision } from './golden';

/** Scalarizations are computed in tensors. */
export const precision: Precision = 'float32';

/** A scalarization's total, its derivative with respect to the losses (the weights) and to its own parameters. */
function differentiate<P extends Params>(method: TotalLoss<P>, losses: number[], parameters: P) {
  const { value, gradients } = valueAndGradients((all: { losses: Tensor1D; own: P }) => method.total(all.losses, all.own), {
    losses: tensor1d(losses),
    own: parameters,
  });
  return { total: value.dataSync()[0]!, weights: gradients.losses.dataSync(), own: gradients.own };
}

interface UncertaintyStep {
  readonly losses: number[];
  readonly logVariances?: number[];
  readonly sigma?: number[];
  readonly loss: number;
  readonly weights: number[];
  readonly gradients: number[];
}

const kendall: Handler = ({ options, steps }) => {
  const method = uncertainty({ initial: options.initialLogVariance as number });
  return (steps as UncertaintyStep[]).flatMap((step, i): Check[] => {
    const logVariances = i === 0 ? method.init(step.losses.map(String)).logVariances : tensor1d(step.logVariances!);
    const got = differentiate(method, step.losses, { logVariances });
    return [
      { name: `log-variances, step ${i}`, got: logVariances.dataSync(), expected: step.logVariances! },
      { name: `total, step ${i}`, got: got.total, expected: step.loss },
      { name: `weights, step ${i}`, got: got.weights, expected: step.weights },
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

const perEpoch: Handler = ({ options, epochLosses, steps }) => {
  const method = dynamicWeightAverage({ temperature: options.temperature as number });
  const tasks = (epochLosses as number[][])[0]!.length;
  let state = method.init(Array.from({ length: tasks }, (_, i) => String(i)));
  return (steps as { epoch: number; weights: number[] }[]).map(({ epoch, weights }): Check => {
    const result = method.weigh(Float64Array.from(epochLosses[epoch] as number[]), state, balancingContext({ tasks, epoch }));
    state = method.endEpoch!(result.state);
    return { name: `weights, epoch ${epoch}`, got: result.weights, expected: weights };
  });
};

/** The two windows of the last losses, the current one included, taken as two epochs; before them the history is ones. */
const perWindow: Handler = ({ options, steps }) => {
  const method = dynamicWeightAverage({ temperature: options.temperature as number });
  const width = options.iterationWindow as number;
  const all = steps as { losses: number[]; weights: number[] }[];
  const tasks = all[0]!.losses.length;
  const context = balancingContext({ tasks });
  const history = [
    ...Array.from({ length: 2 * width }, () => Array<number>(tasks).fill(options.initialCosts as number)),
    ...all.map(({ losses }) => losses),
  ];
  return all.map(({ weights }, i): Check => {
    let state = method.init(context.tasks);
    for (const [k, losses] of history.slice(i + 1, i + 1 + 2 * width).entries()) {
      state = method.weigh(Float64Array.from(losses), state, context).state;
      if ((k + 1) % width === 0) state = method.endEpoch!(state);
    }
    const got = i > width ? method.weigh(new Float64Array(tasks).fill(1), state, context).weights : new Float64Array(tasks).fill(1);
    return { name: `weights, step ${i}`, got, expected: weights };
  });
};

function uncertaintyOf(given: GoldenCase) {
  return given.variant.startsWith('revised') ? revised(given) : kendall(given);
}

export const cases: Cases = {
  dwa: (given) => (given.variant.startsWith('navon') ? perWindow(given) : perEpoch(given)),
  uw: uncertaintyOf,
  'scale-invariant': scaleInvariant,
};
