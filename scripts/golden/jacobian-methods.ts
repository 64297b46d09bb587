import type { JacobianMethod } from '@taskloom/core';
import {
  balanceJacobian,
  balancingContext,
  dbMtl,
  gradDrop,
  type Jacobian,
  type JacobianState,
  type MConfigState,
  mConfig,
  moco,
  modo,
  sdmgrad,
  trimmedMean,
} from '@taskloom/mtl-loss';
import type { Cases, Check, GoldenCase, Handler } from './golden';

interface Step {
  readonly jacobian?: number[][];
  readonly jacobians?: number[][][];
  readonly losses?: number[];
  readonly weights: number[] | null;
  readonly update: number[] | null;
  /** What the method carries, under the name that its reference gives it. */
  readonly y?: number[][];
  readonly buffer?: number[][];
}

/** One Jacobian, or a sequence with the state carried on: weights, update and memory after each. */
function follows<S>(make: (given: GoldenCase) => JacobianMethod<S>): Handler {
  return (given) => {
    const method = make(given);
    let state: JacobianState<S> | undefined;
    return ((given.steps ?? [given]) as Step[]).flatMap((step, index): Check[] => {
      const jacobian = (step.jacobians ?? step.jacobian!) as unknown as Jacobian;
      const tasks = (step.jacobian ?? step.jacobians![0]!).length;
      const context = {
        ...balancingContext({ tasks, step: index, losses: step.losses }),
        ...(given.uniform ? { uniform: () => Float64Array.from(given.uniform as number[]) } : {}),
      };
      const got = balanceJacobian(jacobian, method, state, context, given.representation as number[][] | undefined);
      state = got.state;
      const scale = Math.max(...[step.jacobian ?? step.jacobians!].flat(3).map(Math.abs));
      const checks: Check[] = [{ name: `finite at ${index}`, holds: [...got.weights, ...got.update].every(Number.isFinite) }];
      if (given.undefined || given.fragile) return checks;
      if (step.update) checks.push({ name: `update at ${index}`, got: got.update, expected: step.update, scale });
      if (step.weights && given.weightsUnique !== false)
        checks.push({ name: `weights at ${index}`, got: got.weights, expected: step.weights });
      const memory = step.y ?? step.buffer;
      if (memory && got.state.memory.length > 0)
        checks.push({ name: `memory at ${index}`, got: got.state.memory, expected: memory, scale });
      return checks;
    });
  };
}

// The published ε in GradDrop's denominator (1e-8, 1e-7) moves P by as little: no draw falls in between.
const signs = follows(({ options }) =>
  gradDrop({
    leak: (options.leak ?? 0) as number | number[],
    level: options.level === 'representation' ? 'representation' : 'parameters',
  }),
);

export const balancesDual = follows(({ options }) => dbMtl({ beta: options.beta as number, betaDecay: options.betaSigma as number }));

/** One task's gradient a step: the others are absent. */
const momenta: Handler = ({ options, steps }) => {
  const method = mConfig({ beta1: options.beta1 as number, beta2: options.beta2 as number, tolerance: 1e-12 });
  const given = steps as { index: number; gradient: number[]; update: number[] }[];
  const tasks = Math.max(...given.map(({ index }) => index)) + 1;
  let state: JacobianState<MConfigState> | undefined;
  return given.map(({ index, gradient, update }, step): Check => {
    const jacobian = Array.from({ length: tasks }, (_, task) => (task === index ? gradient : gradient.map(() => 0)));
    const present = jacobian.map((_, task) => Number(task === index));
    const got = balanceJacobian(jacobian, method, state, balancingContext({ tasks, step, present }));
    state = got.state;
    return { name: `update at ${step}`, got: got.update, expected: update };
  });
};

export const cases: Cases = {
  'config/conflictfree-momentum': momenta,
  'db-mtl': balancesDual,
  graddrop: signs,
  moco: follows(({ options }) =>
    moco({
      beta: options.beta as number,
      betaDecay: options.beta_sigma as number,
      gamma: options.gamma as number,
      gammaDecay: options.gamma_sigma as number,
      regularization: options.rho as number,
    }),
  ),
  modo: follows(({ options }) => modo({ stepSize: options.gamma as number, regularization: options.rho as number })),
  sdmgrad: follows(({ options }) =>
    sdmgrad({
      lambda: options.lambda as number,
      iterations: options.niter as number,
      stepSize: options.lr as number,
      momentum: options.momentum as number,
    }),
  ),
  'trimmed-mean': follows(({ options }) => trimmedMean({ trim: options.trimNumber as number })),
};
