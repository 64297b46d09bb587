import { type Params, ravel } from '@taskloom/core';
import * as optimizers from '@taskloom/core/optimizers';
import { mul, scalar, type Tensor, tensor } from '@tensorflow/tfjs-core';
import type { Cases, GoldenCase, Handler, Numbers, Precision } from './golden';

export const precision: Precision = 'float32';

// biome-ignore lint/suspicious/noExplicitAny: options as they are in the file.
type Options = any;

export const cases: Cases = {
  sgd: descends(({ momentum, nesterov, dampening, weightDecay }) => optimizers.sgd({ momentum, nesterov, dampening, weightDecay })),
  adam: descends((options) => optimizers.adam(adamOptions(options))),
  adamw: descends((options) => optimizers.adamw(adamOptions(options))),
  lion: descends(({ betas: [beta1, beta2], weightDecay }) => optimizers.lion({ beta1, beta2, weightDecay })),
  lamb: descends(({ biasCorrection, clamp, ...options }) =>
    optimizers.lamb({ ...adamOptions(options), biasCorrected: biasCorrection, clamp: clamp ?? undefined }),
  ),
  'lamb/published': descends(({ clamp, ...options }) => optimizers.lamb({ ...adamOptions(options), biasCorrected: false, clamp })),
  'lamb/published-clamp1': descends(({ clamp, ...options }) => optimizers.lamb({ ...adamOptions(options), biasCorrected: false, clamp })),
  // Corrects the step and not the moments.
  'lamb/published-debias': descends(({ betas: [beta1, beta2], eps, weightDecay, clamp }) =>
    optimizers.chain(
      optimizers.scaleByAdam({ beta1, beta2, epsilon: eps, biasCorrected: false }),
      optimizers.addDecayedWeights({ weightDecay }),
      optimizers.scaleByTrustRatio({ clamp }),
      optimizers.leafwise({
        init: {},
        common: ({ step }) => {
          const t = step.dataSync()[0]! + 1;
          return Math.sqrt(1 - beta2 ** t) / (1 - beta1 ** t);
        },
        update: (u, _, { common }) => ({ update: mul(u, common) }),
      }),
      optimizers.scaleByLearningRate(),
    ),
  ),
  lars: descends(({ momentum, nesterov, trustCoefficient, weightDecay, eps }) =>
    optimizers.lars({ momentum, nesterov, trustCoefficient, weightDecay, epsilon: eps }),
  ),
  rmsprop: descends(({ alpha, eps, momentum, centered, weightDecay }) =>
    optimizers.rmsprop({ decay: alpha, epsilon: eps, momentum, centered, weightDecay }),
  ),
  adagrad: descends(({ eps, initialAccumulator, weightDecay }) => optimizers.adagrad({ epsilon: eps, initialAccumulator, weightDecay })),
  adadelta: descends(({ rho, eps, weightDecay }) => optimizers.adadelta({ decay: rho, epsilon: eps, weightDecay })),
  adamax: descends(({ betas: [beta1, beta2], eps, weightDecay }) => optimizers.adamax({ beta1, beta2, epsilon: eps, weightDecay })),
  // PyTorch 1.13 takes one factor of the momentum product twice; hence the option.
  nadam: descends(({ betas: [beta1, beta2], eps, momentumDecay, weightDecay }) =>
    optimizers.nadam({ beta1, beta2, epsilon: eps, momentumDecay, weightDecay, repeatMomentum: true }),
  ),
  radam: descends(({ betas: [beta1, beta2], eps, weightDecay }) => optimizers.radam({ beta1, beta2, epsilon: eps, weightDecay })),
  adabelief: descends(({ betas: [beta1, beta2], eps, weightDecay }) => optimizers.adabelief({ beta1, beta2, epsilon: eps, weightDecay })),
  yogi: descends(({ betas: [beta1, beta2], eps, initialAccumulator }) =>
    optimizers.yogi({ beta1, beta2, epsilon: eps, initialAccumulator }),
  ),
  adafactor: descends(({ decayRate, eps: [epsilon, leastScale], clipThreshold, weightDecay, scaleParameter, relativeStep, beta1 }) =>
    optimizers.adafactor({
      decayRate: -decayRate,
      epsilon,
      leastScale,
      clipThreshold,
      weightDecay,
      scaleParameter,
      relativeStep,
      beta1: beta1 ?? undefined,
    }),
  ),
  // The published class takes its slow weights after the first step and synchronises then: one plain step, and the paper's Lookahead from there.
  'lookahead/published-sgd': (given) =>
    follow(
      given,
      optimizers.lookahead(optimizers.sgd(), { k: given.options.k as number, alpha: given.options.alpha as number }),
      optimizers.sgd(),
    ),
  'clip-grad-norm'({ options, gradients, norm, clipped }) {
    const named = (list: Numbers[]): Params => Object.fromEntries(list.map((g, i) => [`g${i}`, tensor(g as number[])]));
    const given = named(gradients);
    const got = optimizers
      .clipByGlobalNorm(options.maxNorm as number)
      .update(given, {}, given, { step: scalar(0), learningRate: scalar(1) }).updates;
    return [
      { name: 'norm', got: optimizers.globalNorm(given).dataSync(), expected: norm },
      { name: 'clipped', got: ravel(got).vector.dataSync(), expected: ravel(named(clipped)).vector.dataSync() },
    ];
  },
  'schedule/cosine': plans(({ baseLr, etaMin, tMax }) => optimizers.cosine({ from: baseLr, to: etaMin, steps: tMax, end: 'continue' })),
  'schedule/cosine-restarts': plans(({ baseLr, etaMin, t0, tMult }) =>
    optimizers.cosine({ from: baseLr, to: etaMin, steps: t0, lengthen: tMult, end: 'restart' }),
  ),
  'schedule/exponential': plans(({ baseLr, gamma }) => optimizers.exponential({ from: baseLr, factor: gamma })),
  'schedule/polynomial': plans(({ baseLr, totalIters, power }) => optimizers.polynomial({ from: baseLr, steps: totalIters, power })),
  'schedule/warmup-linear-decay': plans((o) =>
    optimizers.warmup(optimizers.linear({ from: o.baseLr, steps: o.total - o.warmup }), { steps: o.warmup }),
  ),
  'schedule/warmup-cosine': plans((o) =>
    optimizers.warmup(optimizers.cosine({ from: o.baseLr, steps: o.total - o.warmup, end: 'continue' }), { steps: o.warmup }),
  ),
  'schedule/linear': plans(({ baseLr, startFactor, endFactor, totalIters }) =>
    optimizers.linear({ from: baseLr * startFactor, to: baseLr * endFactor, steps: totalIters }),
  ),
  'schedule/step': plans(({ baseLr, gamma, stepSize }) => optimizers.stepwise({ from: baseLr, factor: gamma, every: stepSize })),
  'schedule/multistep': plans(({ baseLr, gamma, milestones }) => optimizers.stepwise({ from: baseLr, factor: gamma, at: milestones })),
  'schedule/one-cycle': plans(({ maxLr, totalSteps, pctStart, divFactor, finalDivFactor }) =>
    optimizers.oneCycle({ peak: maxLr, steps: totalSteps, rise: pctStart, startDivisor: divFactor, endDivisor: finalDivFactor }),
  ),
};

function adamOptions({ betas: [beta1, beta2], eps, weightDecay, amsgrad }: Options) {
  return { beta1, beta2, epsilon: eps, weightDecay, amsgrad };
}

function descends(make: (options: Options) => optimizers.Optimizer): Handler {
  return (given) => follow(given, make(given.options));
}

/** The trajectory of the optimiser with the gradients of f(x) = x·Ax/2 − b·x at its own parameters; `first` makes the step before it starts. */
function follow({ problem, options, steps }: GoldenCase, optimizer: optimizers.Optimizer, first?: optimizers.Optimizer) {
  const learningRate = scalar((options.lr as number | undefined) ?? 0);
  let params = split(problem.x0, problem.tensors);
  let state: Params = first ? {} : optimizer.init(params);
  const got: Float32Array[] = [];
  for (const step of steps.keys()) {
    const x = ravel(params).vector.dataSync();
    const gradient = (problem.A as number[][]).map((row, i) => row.reduce((sum, a, j) => sum + a * x[j]!, -problem.b[i]));
    const gradients = split(gradient, problem.tensors);
    if (first && step === 0) {
      params = optimizers.applyUpdates(params, first.update(gradients, {}, params, { step: scalar(0), learningRate }).updates);
      state = optimizer.init(params);
    } else {
      const result = optimizer.update(gradients, state, params, { step: scalar(first ? step - 1 : step), learningRate });
      params = optimizers.applyUpdates(params, result.updates);
      state = result.state;
    }
    got.push(ravel(params).vector.dataSync() as Float32Array);
  }
  return [{ name: 'parameters', got, expected: steps.map((step: { parametersAfter: number[] }) => step.parametersAfter) }];
}

function plans(make: (options: Options) => optimizers.Schedule): Handler {
  return ({ options, lr }) => {
    const schedule = make(options);
    return [{ name: 'learning rates', got: lr.map((_: number, step: number) => schedule(step)), expected: lr }];
  };
}

/** One vector as the tensors `x0`, `x1`, … of the given shapes. */
function split(x: readonly number[], shapes: readonly number[][]): Params {
  let offset = 0;
  const out: Record<string, Tensor> = {};
  for (const [i, shape] of shapes.entries()) {
    const size = shape.reduce((a, b) => a * b, 1);
    out[`x${i}`] = tensor(x.slice(offset, offset + size), shape as [number]);
    offset += size;
  }
  return out;
}
