import type { GradientBalancer } from '@taskloom/core';
import { alignedMtl, balanceJacobian, balancingContext, config, fairGrad, gradVac, imtl, imtlG, krum, nashMtl } from '@taskloom/mtl-loss';
import type { Cases, Check, GoldenCase, Handler } from './golden';

type Vector = readonly number[] | Float64Array;
type Matrix = number[][];

/** The references compute in float64. */
const tolerance = 1e-13;
/** Of what hangs on a rank decision or a tie. */
const fragility = 1e-9;

interface Balanced {
  readonly weights: Vector;
  readonly update: Vector;
}

/** Weights (where the reference has them) and update of one Jacobian; where the reference has none or they are fragile, that ours are finite. */
function agrees(given: GoldenCase, got: Balanced): Check[] {
  const { jacobian, weights, update } = given as unknown as { jacobian: Matrix; weights: number[] | null; update: number[] | null };
  const scale = largest(jacobian);
  const checks: Check[] = [{ name: 'finite', holds: [...got.weights, ...got.update].every(Number.isFinite) }];
  if (given.undefined || given.fragile) return checks;
  if (update) checks.push({ name: 'update', got: got.update, expected: update, scale });
  if (weights && given.weightsUnique !== false) checks.push({ name: 'weights', got: got.weights, expected: weights, scale });
  return checks;
}

function balanced(given: GoldenCase, method: GradientBalancer<null>): Balanced {
  return balanceJacobian(given.jacobian, method, null, balancingContext({ tasks: given.jacobian.length, losses: given.losses }));
}

const largest = (jacobian: Matrix) => Math.max(...jacobian.flat().map(Math.abs));
const times = (factor: number, { weights, update }: Balanced): Balanced => ({
  weights: Array.from(weights, (value) => value * factor),
  update: Array.from(update, (value) => value * factor),
});
const norm = (vector: Vector) => Math.hypot(...vector);
const dot = (a: Vector, b: Vector) => Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);

/** The bargaining point without norm limit; of one task FairGrad's, since Nash-MTL leaves a task on its own as it is. */
const exactBargain: Handler = (given) =>
  agrees(given, given.jacobian.length === 1 ? balanced(given, fairGrad()) : balanceJacobian(given.jacobian, nashMtl({ maxNorm: 0 })));

const firstBargain: Handler = (given) => {
  const { jacobian, options, rawWeights } = given;
  if (given.subproblemUnbounded && jacobian.length > 1)
    return [{ name: 'root', holds: isRoot(jacobian, balanceJacobian(jacobian, nashMtl({ maxNorm: 0 }))) }];
  const checks = agrees(given, balanceJacobian(jacobian, nashMtl({ maxNorm: options.maxNorm as number })));
  if (given.undefined || !rawWeights) return checks;
  return [...checks, { name: 'raw weights', got: balanceJacobian(jacobian, nashMtl({ maxNorm: 0 })).weights, expected: rawWeights }];
};

interface NashStep {
  readonly jacobian: Matrix;
  readonly rawWeights?: number[];
  readonly weights: number[];
  readonly update: number[];
  readonly subproblemUnbounded?: boolean;
}

/**
 * Sequences of the published code, which clips by norm + 1e-6 and reports weights before that, except TorchJD's. Where its subproblem has no minimum it keeps old
 * weights (until the next computation): ours are then checked to be the root.
 */
const bargains: Handler = ({ steps, options, variant }) => {
  const torchjd = variant.startsWith('torchjd');
  const maxNorm = options.maxNorm as number;
  const updateEvery = options.updateWeightsEvery as number;
  const raw = nashMtl({ maxNorm: 0, updateEvery });
  const limited = nashMtl({ maxNorm, updateEvery });
  let state: ReturnType<typeof raw.init> | undefined;
  let astray = false;
  return (steps as NashStep[]).flatMap((step, i): Check[] => {
    const { jacobian } = step;
    const got = balanceJacobian(jacobian, raw, state);
    const clipped = torchjd ? balanceJacobian(jacobian, limited, state) : times(Math.min(1, maxNorm / (norm(got.update) + 1e-6)), got);
    state = got.state;
    const computed = i % updateEvery === 0;
    if (computed) astray = step.subproblemUnbounded === true;
    if (astray && jacobian.length > 1) return [{ name: `root of step ${i}`, holds: !computed || isRoot(jacobian, got) }];
    const scale = largest(jacobian);
    const checks: Check[] = [
      { name: `update of step ${i}`, got: clipped.update, expected: step.update, scale },
      { name: `weights of step ${i}`, got: torchjd ? clipped.weights : got.weights, expected: step.weights, scale },
    ];
    return step.rawWeights ? [...checks, { name: `raw weights of step ${i}`, got: got.weights, expected: step.rawWeights, scale }] : checks;
  });
};

const isRoot = (jacobian: Matrix, { weights, update }: Balanced) =>
  jacobian.every((row, i) => Math.abs(dot(row, update) * weights[i]! - 1) < 1e-9);

const fair: Handler = (given) => {
  const got = balanced(given, fairGrad({ alpha: given.options.alpha as number }));
  return agrees(given, given.options.scale === 'T' ? times(given.jacobian.length, got) : got);
};

/** LibMTL and the authors count every task as 1, TorchJD as 1/T. */
const aligned: Handler = (given) => {
  const preference = given.variant.startsWith('torchjd') ? given.options.prefVector : Array(given.jacobian.length).fill(1);
  const scale = given.options.scaleMode as 'min' | 'median' | 'rmse';
  const got = balanced(given, alignedMtl({ scale, preference: preference as number[] | undefined, tolerance }));
  // Of gradients that are all zero any weights will do.
  return agrees(largest(given.jacobian) === 0 ? { ...given, weightsUnique: false } : given, got);
};

const impartial: Handler = (given) => {
  const method = imtlG({ solution: given.variant === 'torchjd' ? 'pseudo-inverse' : 'closed-form', tolerance });
  if (given.options.losses !== 'log') return agrees(given, balanced(given, method));
  const { jacobian, losses } = given as unknown as { jacobian: Matrix; losses: number[] };
  // The gradients of log losses are g/l.
  const got = balanceJacobian(
    jacobian.map((row, i) => row.map((value) => value / losses[i]!)),
    method,
  );
  return agrees(given, { ...got, weights: got.weights.map((weight, i) => weight / losses[i]!) });
};

interface HybridStep {
  readonly jacobian: Matrix;
  readonly losses: number[];
  readonly logScales: number[];
  readonly weights: number[];
  readonly update: number[];
}

const hybrid: Handler = ({ steps, options }) => {
  const method = imtl({ learningRate: options.logScaleLr as number, tolerance });
  let state: ReturnType<typeof method.init> | undefined;
  return (steps as HybridStep[]).flatMap(({ jacobian, losses, logScales, weights, update }, step): Check[] => {
    const before = state?.logScales ?? method.init(losses.map(String)).logScales;
    const got = balanceJacobian(jacobian, method, state, balancingContext({ tasks: losses.length, losses, step }));
    state = got.state;
    const scale = largest(jacobian);
    return [
      { name: `log-scales, step ${step}`, got: before, expected: logScales },
      { name: `weights, step ${step}`, got: got.weights, expected: weights, scale },
      { name: `update, step ${step}`, got: got.update, expected: update, scale },
    ];
  });
};

const conflictFree: Handler = (given) => {
  if (given.steps) return undefined;
  const preference = given.options.prefVector as number[] | undefined;
  const got = balanced(given, config({ preference, tolerance }));
  return given.fragile ? [...agrees(given, got), ...isImpartial(given.jacobian, got.update, preference)] : agrees(given, got);
};

/**
 * Of unit rows N the update d is in the direction of the x that comes nearest to Nx = p (equal projections, or as preferred), NᵀNx = Nᵀp, and 0 where that is; and it is
 * as long as the sum of the gradients' projections on it.
 */
function isImpartial(jacobian: Matrix, update: Vector, preference?: readonly number[]): Check[] {
  const units = jacobian.map((row) => row.map((value) => (norm(row) > 0 ? value / norm(row) : 0)));
  const back = (projections: Vector) =>
    update.map((_, k) =>
      dot(
        projections,
        units.map((row) => row[k]!),
      ),
    );
  const [has, wanted] = [back(units.map((row) => dot(row, update))), back(units.map((_, i) => preference?.[i] ?? 1))];
  const size = jacobian.reduce((sum, row) => sum + norm(row), 0);
  const [length, vanishes] = [norm(update), norm(wanted) <= fragility];
  return [
    {
      name: 'nearest to equal projections',
      holds: vanishes ? length <= fragility * size : dot(has, wanted) >= (1 - fragility) * norm(has) * norm(wanted) && length > 0,
    },
    {
      name: 'length',
      holds: Math.abs(jacobian.reduce((sum, row) => sum + dot(row, update), 0) - length ** 2) <= fragility * size * length,
    },
  ];
}

interface VaccineStep {
  readonly jacobian: Matrix;
  readonly orders: number[][];
  readonly update: number[];
  readonly rho: (number | number[])[][];
}

/** A balancer with a state of its own for each group of parameters. */
const vaccine: Handler = ({ steps, options }) => {
  const all = steps as VaccineStep[];
  const widths = Array.isArray(options.groups) ? (options.groups as number[]) : [all[0]!.jacobian[0]!.length];
  let states: { readonly targets: Float64Array }[] = [];
  return all.flatMap(({ jacobian, orders, update, rho }, step): Check[] => {
    const method = gradVac({ beta: options.beta as number, epsilon: options.eps as number, permutations: orders });
    const parts = widths.map((width, group) => {
      const from = widths.slice(0, group).reduce((a, b) => a + b, 0);
      return balanceJacobian(
        jacobian.map((row) => row.slice(from, from + width)),
        method,
        states[group],
      );
    });
    states = parts.map(({ state }) => state);
    const expected = widths.map((_, group) => rho.flat().map((entry) => (Array.isArray(entry) ? entry[group]! : entry)));
    return [
      { name: `update, step ${step}`, got: parts.flatMap((part) => [...part.update]), expected: update, scale: largest(jacobian) },
      { name: `targets, step ${step}`, got: states.map(({ targets }) => targets), expected },
    ];
  });
};

const robust: Handler = (given) => {
  const [byzantine, selected] = [given.options.nByzantine as number, given.options.nSelected as number];
  const got = balanced(given, krum({ byzantine, selected }));
  return given.fragile ? [...agrees(given, got), ...isSelection(given.jacobian, got, byzantine, selected)] : agrees(given, got);
};

/** The update is the mean of as many rows as asked for, none of which is farther from its neighbours than one left out. */
function isSelection(jacobian: Matrix, { weights, update }: Balanced, byzantine: number, selected: number): Check[] {
  const far = (row: readonly number[]) => {
    const distances = jacobian.map((other) => norm(row.map((value, k) => value - other[k]!))).sort((a, b) => a - b);
    // The first one is its own.
    return distances.slice(1, jacobian.length - byzantine - 1).reduce((sum, distance) => sum + distance, 0);
  };
  const scores = jacobian.map(far);
  const [taken, left] = [scores.filter((_, i) => weights[i]! > 0), scores.filter((_, i) => weights[i] === 0)];
  return [
    { name: 'simplex', holds: taken.length === selected && Array.from(weights).every((weight) => weight === 0 || weight === 1 / selected) },
    { name: 'nearest rows', holds: Math.max(...taken) <= Math.min(...left) * (1 + fragility) },
    {
      name: 'their mean',
      got: update,
      expected: update.map((_, k) =>
        dot(
          weights,
          jacobian.map((row) => row[k]!),
        ),
      ),
      scale: largest(jacobian),
    },
  ];
}

export const equations: Cases = {
  'nash-mtl': bargains,
  'nash-mtl/exact': exactBargain,
  'nash-mtl/torchjd-first-step': firstBargain,
  fairgrad: fair,
  'aligned-mtl': aligned,
  'imtl-g': impartial,
  imtl: hybrid,
  config: conflictFree,
  gradvac: vaccine,
  krum: robust,
};
