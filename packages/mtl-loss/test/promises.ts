import {
  alignedMtl,
  type balanceJacobian,
  cagrad,
  config,
  dbMtl,
  dualProj,
  dynamicWeightAverage,
  excessMtl,
  fairGrad,
  famo,
  fixed,
  gls,
  gradDrop,
  gradNorm,
  gradVac,
  imtl,
  imtlG,
  imtlL,
  krum,
  log,
  mConfig,
  mean,
  mgda,
  moco,
  modo,
  nashMtl,
  pcgrad,
  rgw,
  rlw,
  sdmgrad,
  smoothTchebycheff,
  stch,
  sum,
  trimmedMean,
  uncertainty,
  upgrad,
} from '../src';
import { derivativeWeights, lossesOfTasks } from './derivative-weights';

// biome-ignore lint/suspicious/noExplicitAny: each method has a state of its own, which the suite only passes on.
export type Method = Parameters<typeof balanceJacobian<any>>[1];

/** What a method promises for every Jacobian; `properties.test.ts` holds it to that. What is left out is not promised. */
export interface Promises {
  readonly name: string;
  /** `order[i]` says which task row i is: for a method that treats tasks by a given order or by draws. */
  readonly make: (order: readonly number[]) => Method;
  /** Another order of the tasks gives the same update. Default true. */
  readonly equivariant?: boolean;
  /** The most tasks for which no gᵢ·update is negative. */
  readonly nonConflicting?: number;
  /** The update is linear in c > 0 where row i is cᵢgᵢ. */
  readonly linearUnderScaling?: boolean;
  /** The update is zero only where some w > 0 has Jᵀw = 0. */
  readonly stronglyStationary?: boolean;
  /** A small enough step lowers every loss, unless the point is Pareto stationary. */
  readonly descends?: boolean;
  /** An absent task takes no part. Default true. */
  readonly presentOnly?: boolean;
  /** Weights are ≥ 0 with sum 1. */
  readonly convex?: boolean;
  /** Weights do not change, to the bit, when all gradients are multiplied by one power of 2. */
  readonly scaleFree?: boolean;
  /** The weight of a task on its own, where it does not depend on its gradient. */
  readonly alone?: number;
  /** What ‖update‖ never exceeds, from the norms of the rows. Default: their sum. */
  readonly bound?: (norms: readonly number[]) => number;
  /** What no |wᵢ|‖gᵢ‖ exceeds. Default: `bound`. */
  readonly parts?: (norms: readonly number[]) => number;
  /** What has no bound, however long or short the gradients are: weights that cancel each other in the update, or the update as well. Default: nothing. */
  readonly unbounded?: 'weights' | 'update';
}

const all = Number.POSITIVE_INFINITY;
/** Each row meets the tasks in the order of their numbers, beginning with its own. */
const cyclic = (order: readonly number[]) =>
  order.map((own) => Array.from({ length: 6 }, (_, k) => order.indexOf((own + k) % 6)).filter((i) => i >= 0));

const total = (norms: readonly number[]) => norms.reduce((a, b) => a + b, 0);
/** Projections are not longer than what they are projections of. */
const meanNorm = (norms: readonly number[]) => total(norms) / norms.length;
/** ‖d − g₀‖ ≤ c‖g₀‖, rescaled. */
const averse = (norms: readonly number[]) => (1.4 / 1.16) * meanNorm(norms);
/** c‖g₀‖/‖g_w‖ for a g_w that is no shorter than `normEps`, 1e-4, of all. */
const worstOff = (norms: readonly number[]) => (1 + 1e4) * meanNorm(norms);
/** vᵀ(G + regEps)v ≤ uᵀ(G + regEps)u with regEps 1e-4, so that v is no more than 100 times as long as u. */
const regularized = (norms: readonly number[]) => 100.01 * Math.max(...norms);
/** A singular value of unit rows is counted for zero below the root of `tolerance`, up to a factor of T. */
const tolerant = (norms: readonly number[]) => 1e3 * norms.length * total(norms);

/** Weights that do not depend on the gradients, and are > 0. */
const byLosses = { linearUnderScaling: true, stronglyStationary: true, scaleFree: true } as const;
const [least, most] = [Math.min(...lossesOfTasks), Math.max(...lossesOfTasks)];
const preference = [0.5, 0.25, 1, 0.125, 0.3, 0.7];

/** One row a method, or a form of it; alphabetical. */
export const promises: readonly Promises[] = [
  { name: 'aligned-mtl', make: () => alignedMtl(), scaleFree: true, alone: 1 },
  { name: 'aligned-mtl median', make: () => alignedMtl({ scale: 'median' }), scaleFree: true, parts: tolerant, alone: 1 },
  { name: 'aligned-mtl rmse', make: () => alignedMtl({ scale: 'rmse' }), scaleFree: true, parts: tolerant, alone: 1 },
  { name: 'cagrad', make: () => cagrad(), bound: averse, parts: worstOff, scaleFree: true },
  { name: 'cagrad, normEps 0', make: () => cagrad({ normEps: 0 }), stronglyStationary: true, bound: averse, unbounded: 'weights' },
  {
    name: 'cagrad c 1',
    make: () => cagrad({ c: 1, rescale: 0 }),
    nonConflicting: all,
    descends: true,
    bound: (norms) => 2 * meanNorm(norms),
    parts: worstOff,
  },
  { name: 'config', make: () => config(), scaleFree: true, parts: tolerant },
  {
    name: 'dynamic-weight-average',
    make: () => dynamicWeightAverage(),
    linearUnderScaling: true,
    stronglyStationary: true,
    scaleFree: true,
    alone: 1,
  },
  {
    name: 'excess-mtl, first step',
    make: () => excessMtl(),
    linearUnderScaling: true,
    stronglyStationary: true,
    scaleFree: true,
    alone: 1,
  },
  { name: 'dual-proj', make: () => dualProj(), stronglyStationary: true, alone: 1, bound: meanNorm, parts: regularized },
  {
    name: 'dual-proj, exact',
    make: () => dualProj({ regEps: 0, normEps: 0 }),
    nonConflicting: all,
    stronglyStationary: true,
    scaleFree: true,
    alone: 1,
    bound: meanNorm,
    unbounded: 'weights',
  },
  {
    name: 'fair-grad',
    make: () => fairGrad(),
    nonConflicting: all,
    descends: true,
    bound: (norms) => Math.sqrt(norms.length),
    unbounded: 'weights',
  },
  { name: 'fair-grad alpha 2', make: () => fairGrad({ alpha: 2 }), nonConflicting: all, descends: true, unbounded: 'update' },
  { name: 'famo', make: () => famo(), linearUnderScaling: true, stronglyStationary: true, scaleFree: true, convex: true, alone: 1 },
  { name: 'fixed', make: () => fixed(), linearUnderScaling: true, stronglyStationary: true, scaleFree: true, alone: 1 },
  { name: 'grad-norm, first step', make: () => gradNorm(), linearUnderScaling: true, stronglyStationary: true, scaleFree: true, alone: 1 },
  {
    name: 'grad-norm softmax, first step',
    make: () => gradNorm({ form: 'softmax' }),
    linearUnderScaling: true,
    stronglyStationary: true,
    scaleFree: true,
    alone: 1,
  },
  {
    name: 'gls',
    make: (order) => derivativeWeights(gls(), order),
    ...byLosses,
    alone: 1,
    // The mean of the losses is no greater than the greatest.
    bound: (norms) => (most / least) * meanNorm(norms),
  },
  {
    name: 'grad-vac',
    make: (order) => gradVac({ permutations: cyclic(order) }),
    nonConflicting: 2,
    linearUnderScaling: true,
    scaleFree: true,
    alone: 1,
  },
  { name: 'imtl', make: () => imtl(), scaleFree: true, unbounded: 'update' },
  { name: 'imtl-g', make: () => imtlG(), scaleFree: true, unbounded: 'update' },
  {
    name: 'imtl-g pseudo-inverse',
    make: () => imtlG({ solution: 'pseudo-inverse' }),
    equivariant: false, // up to the condition of G, which is that of the scales squared
    scaleFree: true,
    unbounded: 'update',
  },
  { name: 'imtl-l', make: (order) => derivativeWeights(imtlL(), order), ...byLosses, alone: 1 },
  {
    name: 'krum',
    make: () => krum(),
    equivariant: false, // breaks ties by position
    convex: true,
    scaleFree: true,
    alone: 1,
  },
  { name: 'log', make: (order) => derivativeWeights(log(), order), ...byLosses, alone: 1, bound: (norms) => total(norms) / least },
  {
    name: 'm-config, first step',
    make: () => mConfig(),
    presentOnly: false, // waits until it has seen all tasks, and goes on from what it knows of absent ones
    bound: () => Math.sqrt(6), // each entry, of 6 at most, is divided by its size
    parts: tolerant,
  },
  { name: 'mean', make: () => mean(), linearUnderScaling: true, stronglyStationary: true, convex: true, scaleFree: true, alone: 1 },
  { name: 'mgda', make: () => mgda(), nonConflicting: all, descends: true, convex: true, scaleFree: true, alone: 1 },
  { name: 'mgda l2', make: () => mgda({ normalization: 'l2' }), nonConflicting: all, descends: true, bound: () => 1 },
  {
    name: 'mgda frank-wolfe',
    make: () => mgda({ solver: 'frank-wolfe' }),
    equivariant: false, // breaks ties by position
    convex: true,
    scaleFree: true,
    alone: 1,
  },
  { name: 'nash-mtl', make: () => nashMtl(), nonConflicting: all, descends: true, bound: () => 1, unbounded: 'weights' },
  {
    name: 'pcgrad',
    make: (order) => pcgrad({ permutations: cyclic(order) }),
    nonConflicting: 2,
    linearUnderScaling: true,
    scaleFree: true,
    alone: 1,
  },
  { name: 'db-mtl', make: () => dbMtl(), bound: (norms) => norms.length * Math.max(...norms) },
  { name: 'grad-drop', make: () => gradDrop(), scaleFree: true, alone: 1 },
  { name: 'moco', make: () => moco(), convex: true, bound: () => 1, parts: total },
  { name: 'modo', make: () => modo(), convex: true, alone: 1 },
  { name: 'rgw', make: () => rgw(), equivariant: false, convex: true, stronglyStationary: true, alone: 1, scaleFree: true },
  { name: 'rlw', make: () => rlw(), equivariant: false, convex: true, stronglyStationary: true, alone: 1, scaleFree: true },
  { name: 'rlw dirichlet', make: () => rlw({ distribution: 'dirichlet' }), equivariant: false, convex: true, alone: 1, scaleFree: true },
  {
    name: 'sdmgrad',
    make: () => sdmgrad(),
    equivariant: false, // its few large steps enlarge rounding errors
    convex: true,
    alone: 1,
  },
  {
    name: 'smooth-tchebycheff',
    make: (order) => derivativeWeights(smoothTchebycheff({ preference: order.map((task) => preference[task]!) }), order),
    ...byLosses,
    alone: preference[0]!,
  },
  {
    name: 'stch, warm-up',
    make: () => stch({ epsilon: 0 }),
    linearUnderScaling: true,
    stronglyStationary: true,
    scaleFree: true,
    alone: 1,
  },
  { name: 'sum', make: (order) => derivativeWeights(sum(), order), ...byLosses, alone: 1 },
  { name: 'trimmed-mean', make: (order) => trimmedMean({ trim: order.length > 2 ? 1 : 0 }), scaleFree: true, alone: 1 },
  { name: 'uncertainty', make: (order) => derivativeWeights(uncertainty(), order), ...byLosses, alone: 0.5 },
  { name: 'upgrad', make: () => upgrad(), stronglyStationary: true, descends: true, alone: 1, bound: meanNorm, parts: regularized },
  {
    name: 'upgrad, exact',
    make: () => upgrad({ regEps: 0, normEps: 0 }),
    nonConflicting: all,
    linearUnderScaling: true,
    stronglyStationary: true,
    descends: true,
    scaleFree: true,
    alone: 1,
    bound: meanNorm,
    unbounded: 'weights',
  },
];
