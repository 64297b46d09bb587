import type { LossWeighting } from '@taskloom/core';
import {
  balanceJacobian,
  balancingContext,
  dbMtl,
  dynamicWeightAverage,
  type ExcessMtlState,
  excessMtl,
  famo,
  gradNorm,
  type JacobianState,
  rlw,
  stch,
} from '@taskloom/mtl-loss';
import type { Cases, Check, GoldenCase, Handler } from './golden';
import { tchebycheff } from './weightings-totals';

const double = (values: readonly number[]) => Float64Array.from(values);

/** Draws as the case gives them. */
const random: Handler = ({ steps }) =>
  (steps as { losses: number[]; normal: number[]; weights: number[] }[]).map(({ losses, normal, weights }, i): Check => {
    const context = { ...balancingContext({ tasks: losses.length, losses }), normal: () => double(normal) };
    return { name: `weights, step ${i}`, got: rlw().weigh(double(losses), null, context).weights, expected: weights };
  });

interface FamoStep {
  readonly losses: number[];
  readonly lossesAfter: number[];
  readonly logits: number[];
  readonly logitsAfter: number[];
  readonly weights: number[];
  readonly loss?: number;
}

/** The published total c Σ zᵢ log Dᵢ, in terms of the weights c zᵢ/Dᵢ. */
const paced: Handler = ({ options, steps }) => {
  const { gamma, lr, betas, eps, minLosses } = options as { gamma: number; lr: number; betas: number[]; eps: number; minLosses: number[] };
  const method = famo({ gamma, learningRate: lr, beta1: betas[0], beta2: betas[1], epsilon: eps, minLosses });
  const all = steps as FamoStep[];
  let state = method.init(all[0]!.losses.map((_, i) => String(i)));
  return all.flatMap(({ losses, lossesAfter, logits, logitsAfter, weights, loss }, i): Check[] => {
    const context = balancingContext({ tasks: losses.length, losses, step: i });
    const before = state.logits;
    const { weights: got, state: weighed } = method.weigh(double(losses), state, context);
    state = method.afterStep(double(lossesAfter), weighed, context);
    const total = got.reduce((sum, weight, k) => {
      const distance = losses[k]! - minLosses[k]! + eps;
      return sum + weight * distance * Math.log(distance);
    }, 0);
    return [
      { name: `logits, step ${i}`, got: before, expected: logits },
      { name: `weights, step ${i}`, got, expected: weights },
      { name: `logits after step ${i}`, got: state.logits, expected: logitsAfter },
      ...(loss === undefined ? [] : [{ name: `total, step ${i}`, got: total, expected: loss }]),
    ];
  });
};

/** LibMTL counts epochs up to and with `warmupEpoch` as warm-up. */
const nadir: Handler = ({ options, nadir: expected, steps }) => {
  const warmupEpochs = (options.warmupEpoch as number) + 1;
  const method = stch({ mu: options.mu as number, warmupEpochs, epsilon: 0 });
  const all = steps as { epoch: number; losses: number[]; weights: number[] }[];
  let state = method.init(all[0]!.losses.map((_, i) => String(i)));
  const checks = all.map(({ epoch, losses, weights }, step): Check => {
    const result = method.weigh(double(losses), state, balancingContext({ tasks: losses.length, losses, epoch, step }));
    state = result.state;
    return { name: `weights, step ${step}`, got: result.weights, expected: weights };
  });
  return [...checks, { name: 'nadir', got: state.sums.map((sum, i) => sum / state.counts[i]!), expected: expected as number[] }];
};

interface GradNormStep {
  readonly losses: number[];
  readonly jacobian: number[][];
  readonly parameters: number[];
  readonly parametersAfter: number[];
  readonly weights: number[];
  readonly update: number[];
}

const norms: Handler = ({ variant, options, initialLosses, steps }) => {
  const method = gradNorm({
    alpha: options.alpha as number,
    form: variant.startsWith('libmtl') ? 'softmax' : 'weights',
    learningRate: options.weightLr as number,
    optimizer: options.weightOptimizer as 'sgd' | 'adam',
    initialLosses: initialLosses as number[],
  });
  const all = steps as GradNormStep[];
  let state = method.init(all[0]!.losses.map((_, i) => String(i)));
  return all.flatMap(({ losses, jacobian, parameters, parametersAfter, weights, update }, step): Check[] => {
    const before = state.parameters;
    const result = balanceJacobian(jacobian, method, state, balancingContext({ tasks: losses.length, losses, step }));
    state = result.state;
    return [
      { name: `parameters, step ${step}`, got: before, expected: parameters },
      { name: `weights, step ${step}`, got: result.weights, expected: weights },
      { name: `update, step ${step}`, got: result.update, expected: update },
      { name: `parameters after step ${step}`, got: state.parameters, expected: parametersAfter },
    ];
  });
};

const excess: Handler = ({ options, steps }) => {
  const method = excessMtl({ learningRate: options.stepSize as number });
  let state: JacobianState<ExcessMtlState> | undefined;
  return (steps as { losses: number[]; jacobian: number[][]; weights: number[] }[]).map(({ losses, jacobian, weights }, step): Check => {
    const result = balanceJacobian(jacobian, method, state, balancingContext({ tasks: losses.length, losses, step }));
    state = result.state;
    return { name: `weights, step ${step}`, got: result.weights, expected: weights };
  });
};

/** Without the moving average it is a weighting of losses; sequences with it are in aggregators.json. */
const dualBalance: Handler = ({ options, steps }) => {
  if (options.beta !== 0) return undefined;
  return (steps as { losses: number[]; jacobian: number[][]; weights: number[]; update: number[] }[]).flatMap(
    ({ losses, jacobian, weights, update }, step): Check[] => {
      const got = balanceJacobian(jacobian, dbMtl({ beta: 0 }), undefined, balancingContext({ tasks: losses.length, losses, step }));
      return [
        { name: `weights, step ${step}`, got: got.weights, expected: weights },
        { name: `update, step ${step}`, got: got.update, expected: update },
      ];
    },
  );
};

function weigher<S>(method: LossWeighting<S>, tasks: number, start: (state: S) => S = (state) => state) {
  let state = start(method.init(Array.from({ length: tasks }, (_, i) => String(i))));
  return {
    weigh(losses: readonly number[], epoch = 0): Float64Array {
      const result = method.weigh(double(losses), state, balancingContext({ tasks, losses, epoch }));
      state = result.state;
      return result.weights;
    },
    endEpoch() {
      state = method.endEpoch!(state);
    },
  };
}

const perEpoch = ({ options, epochLosses, steps }: GoldenCase): Check[] => {
  const all = epochLosses as number[][];
  const method = weigher(dynamicWeightAverage({ temperature: options.temperature as number }), all[0]!.length);
  return (steps as { epoch: number; weights: number[] }[]).map(({ epoch, weights }) => {
    const got = method.weigh(all[epoch]!, epoch);
    method.endEpoch();
    return { name: `weights, epoch ${epoch}`, got, expected: weights };
  });
};

/** The published history starts with two windows of ones, and weights with 1 until it has seen more steps than a window. */
const perWindow = ({ options, steps }: GoldenCase): Check[] => {
  const all = steps as { losses: number[]; weights: number[] }[];
  const [tasks, window] = [all[0]!.losses.length, options.iterationWindow as number];
  const method = weigher(dynamicWeightAverage({ temperature: options.temperature as number, window }), tasks, (state) => ({
    ...state,
    recent: state.recent.map(() => options.initialCosts as number),
  }));
  return all.map(({ losses, weights }, i) => {
    const got = method.weigh(losses);
    return { name: `weights, step ${i}`, got: i <= window ? got.map(() => 1) : got, expected: weights };
  });
};

export const cases: Cases = {
  dwa: (given) => (given.variant.startsWith('navon') ? perWindow(given) : perEpoch(given)),
  rlw: random,
  famo: paced,
  stch: (given) => (given.variant.startsWith('paper') ? tchebycheff(given) : nadir(given)),
  gradnorm: norms,
  excessmtl: excess,
  'db-mtl': dualBalance,
};
