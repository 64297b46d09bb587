import type { GradientBalancer, LossWeighting } from '@taskloom/core';
import { balanceJacobian, balancingContext, cagrad, dualProj, fixed, mean, mgda, pcgrad, rgw, upgrad } from '@taskloom/mtl-loss';
import type { Cases, Check, GoldenCase, Handler } from './golden';
import { landscape } from './landscape';

type Method = GradientBalancer<null> | LossWeighting<null>;
type Matrix = number[][];

interface Given {
  readonly jacobian: Matrix;
  readonly losses?: number[];
  readonly normal?: number[];
  readonly weights: number[] | null;
  readonly update: number[] | null;
}

/** Weights (where they are unique) and update of one Jacobian; where the reference has none, that ours are finite. */
function balances(make: (given: GoldenCase) => Method): Handler {
  return (given) => (given.steps ? path(given, make(given)) : agrees(given, given as unknown as Given, make(given), ''));
}

function agrees(given: GoldenCase, { jacobian, losses, normal, weights, update }: Given, method: Method, at: string): Check[] {
  const context = balancingContext({ tasks: jacobian.length, losses });
  const got = balanceJacobian(jacobian, method, null, normal ? { ...context, normal: () => Float64Array.from(normal) } : context);
  const scale = Math.max(...jacobian.flat().map(Math.abs));
  const checks: Check[] = [{ name: `finite${at}`, holds: [...got.weights, ...got.update].every(Number.isFinite) }];
  if (given.undefined || given.fragile) return checks;
  if (update) checks.push({ name: `update${at}`, got: got.update, expected: update, scale });
  if (weights && given.weightsUnique !== false) checks.push({ name: `weights${at}`, got: got.weights, expected: weights, scale });
  return checks;
}

/** The first steps on the toy landscape: losses and gradients from its formulas, and Adam along the method's updates, against those recorded. */
function path({ steps, options, ...given }: GoldenCase, method: Method): Check[] {
  const [rate, beta1, beta2] = [options.lr as number, 0.9, 0.999];
  const x = [...(options.start as number[])];
  const first = [0, 0];
  const second = [0, 0];
  return (steps as (Given & { x: number[]; losses: number[] })[]).flatMap((step, t): Check[] => {
    const here = landscape(x);
    const at = ` of step ${t}`;
    const checks: Check[] = [
      { name: `x${at}`, got: [...x], expected: step.x },
      { name: `losses${at}`, got: here.losses, expected: step.losses },
      { name: `jacobian${at}`, got: here.jacobian, expected: step.jacobian },
      ...agrees(given as unknown as GoldenCase, step, method, at),
    ];
    const { update } = balanceJacobian(here.jacobian, method);
    for (const k of [0, 1]) {
      first[k] = beta1 * first[k]! + (1 - beta1) * update[k]!;
      second[k] = beta2 * second[k]! + (1 - beta2) * update[k]! ** 2;
      x[k]! -= (rate * (first[k]! / (1 - beta1 ** (t + 1)))) / (Math.sqrt(second[k]! / (1 - beta2 ** (t + 1))) + 1e-8);
    }
    return checks;
  });
}

/** A method over another Gramian, with other weights. */
function around(
  method: GradientBalancer<null>,
  before: (gramian: Float64Array, losses: Float64Array) => Float64Array,
  after: (weights: Float64Array, gramian: Float64Array, losses: Float64Array) => Float64Array = (weights) => weights,
): GradientBalancer<null> {
  return {
    ...method,
    weigh(gramian, state, context) {
      const weights = method.weigh(before(gramian, context.losses), state, context).weights;
      return { weights: after(weights, gramian, context.losses), state };
    },
  };
}

/** On the gradients of log losses, gᵢ/lᵢ; the weights are about gᵢ. `mean`: divided by their sum. */
function onLogLosses(method: GradientBalancer<null>, mean = false): GradientBalancer<null> {
  return around(
    method,
    (gramian, losses) => gramian.map((product, at) => product / losses[Math.floor(at / losses.length)]! / losses[at % losses.length]!),
    (weights, _, losses) => {
      const own = weights.map((weight, i) => weight / losses[i]!);
      const total = own.reduce((a, b) => a + b);
      return mean ? own.map((weight) => weight / total) : own;
    },
  );
}

const timesTasks = (method: GradientBalancer<null>) =>
  around(
    method,
    (gramian) => gramian,
    (weights) => weights.map((weight) => weight * weights.length),
  );

const minNorm = balances(({ variant, options }) => {
  const published = { solver: 'projected-gradient', clamp: 0.001, epsilon: (options.stopCrit as number) ?? 1e-5 } as const;
  if (variant.includes('frank-wolfe'))
    return mgda({ solver: 'frank-wolfe', epsilon: options.epsilon as number, iterations: options.maxIters as number });
  if (variant.startsWith('libmtl')) return mgda({ ...published, normalization: options.normalization as 'none' });
  if (variant === 'navon') return timesTasks(mgda(published));
  if (variant === 'famo-log') return onLogLosses(mgda(published), true);
  return mgda();
});

interface Constants {
  /** Added to ‖g₀‖², to c‖g₀‖, to ‖g_w‖² in the objective, to ‖g_w‖² in the weights and to ‖g_w‖ there. */
  readonly square: number;
  readonly radius: number;
  readonly objective: number;
  readonly length: number;
  readonly denominator: number;
}

/**
 * What is added to ‖g_w‖² in the objective may as well be added to every product, since Σ w = 1; another radius is another c; and ‖g_w‖ is known from what comes on top
 * of the mean, whose weights have the sum c‖g₀‖/‖g_w‖.
 */
function withConstants(c: number, rescale: 0 | 1 | 2, added: Constants): GradientBalancer<null> {
  return {
    ...cagrad(),
    weigh(gramian, state, context) {
      const count = context.present.length;
      const mean = gramian.reduce((sum, product) => sum + product, 0) / count ** 2;
      const radius = c * Math.sqrt(mean + added.square) + added.radius;
      const moved = gramian.map((product) => product + added.objective);
      const { weights } = cagrad({ c: radius / Math.sqrt(mean + added.objective), rescale: 0, normEps: 0 }).weigh(moved, state, context);
      const share = weights.reduce((sum, weight) => sum + weight, 0) - 1;
      const square = Math.max(0, (radius / share) ** 2 - added.objective);
      const shorter = radius / share / (Math.sqrt(square + added.length) + added.denominator);
      const divisor = [1, 1 + c * c, 1 + c][rescale]!;
      return { weights: weights.map((weight) => (1 / count + (weight - 1 / count) * shorter) / divisor), state };
    },
  };
}

const libmtl: Constants = { square: 1e-8, radius: 1e-8, objective: 1e-8, length: 0, denominator: 1e-8 };
const toy: Constants = { square: 1e-4 / 4, radius: 0, objective: 1e-4, length: 1e-4, denominator: 1e-4 };

const averse = balances(({ variant, options }) => {
  if (variant.startsWith('torchjd')) return cagrad({ c: options.c as number, rescale: 0, normEps: options.normEps as number });
  if (variant === 'toy') return withConstants(options.c as number, 2, toy);
  const published = withConstants((options.calpha ?? options.c) as number, (options.rescale ?? 1) as 0 | 1 | 2, libmtl);
  if (variant.startsWith('navon')) return timesTasks(published);
  return variant.startsWith('famo-log') ? onLogLosses(timesTasks(published)) : published;
});

const dual = ({ options }: GoldenCase) => ({
  preference: options.prefVector as number[] | undefined,
  regEps: options.regEps as number,
  normEps: options.normEps as number,
});

/** A published ‖gⱼ‖² + ε: ε on the Gramian's diagonal is the same, since a task not yet met has coefficient 0. */
function withDiagonal(method: GradientBalancer<null>, epsilon: number): GradientBalancer<null> {
  return around(method, (gramian) =>
    gramian.map((product, at) => (at % (Math.sqrt(gramian.length) + 1) === 0 ? product + epsilon : product)),
  );
}

const surgery = balances(({ variant, options, permutations }) => {
  const method = pcgrad({ reduction: variant === 'toy' || options.reduction === 'mean' ? 'mean' : 'sum', permutations });
  return options.eps === undefined ? method : withDiagonal(method, options.eps as number);
});

export const programs: Cases = {
  mean: balances(mean),
  sum: balances(() => fixed()),
  ew: balances(() => fixed()),
  constant: balances((given) => fixed(given.options.weights as number[])),
  rgw: balances(rgw),
  mgda: minNorm,
  pcgrad: surgery,
  upgrad: balances((given) => upgrad(dual(given))),
  dualproj: balances((given) => dualProj(dual(given))),
  cagrad: averse,
};
