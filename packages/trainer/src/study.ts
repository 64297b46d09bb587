import { TaskloomError } from '@taskloom/core';
import { studentQuantile } from './student';

/** The main scores of one training, by task or group. */
export interface StudyRun {
  readonly seed: number;
  readonly scores: { readonly [unit: string]: number };
}

export interface StudyOptions {
  /** Tasks and groups that are scored, and whether more is better. */
  readonly units: { readonly [unit: string]: { readonly higherIsBetter: boolean } };
  /** The runs of each method, one a seed. */
  readonly methods: { readonly [method: string]: readonly StudyRun[] };
  /** Runs of models that learn one task each: what Δm is relative to. Default: the baseline's. */
  readonly single?: readonly StudyRun[];
  /** The method that all others are compared with. */
  readonly baseline: string;
  /** Of intervals and of the statement about noise. Default 0.95. */
  readonly level?: number;
}

/** Mean and standard deviation (n − 1) over seeds; sd is NaN for one seed. */
export interface OverSeeds {
  readonly mean: number;
  readonly sd: number;
  readonly seeds: number;
}

export interface MethodSummary {
  readonly method: string;
  readonly units: { readonly [unit: string]: OverSeeds };
  /**
   * Δm in per cent: the mean over the units of how much worse than `single` the method is, relative to it; below 0 it is better (K.-K. Maninis et al. 2019). Per seed, against the
   * mean of `single`.
   */
  readonly deltaM: OverSeeds;
  /** Mean over the units of the rank among the methods, 1 the best; ties share their mean. */
  readonly meanRank: number;
  /**
   * Δm less that of the baseline, with the half width of its interval (Welch). `noise`: the interval holds 0, so that other seeds might have it the other way round; `unknown`: one
   * seed says nothing about that.
   */
  readonly versus: { readonly difference: number; readonly half: number; readonly verdict: 'better' | 'worse' | 'noise' | 'unknown' };
}

/** What runs of several methods with several seeds say, the method of least Δm first. Throws `bad_option` where the baseline or a score is missing. */
export function summarizeStudy({ units, methods, single, baseline, level = 0.95 }: StudyOptions): MethodSummary[] {
  const names = Object.keys(units);
  const base = methods[baseline];
  if (!base || base.length === 0)
    throw new TaskloomError('bad_option', `There is no run of '${baseline}'.`, { name: 'baseline', expected: Object.keys(methods) });
  const reference = Object.fromEntries(names.map((unit) => [unit, overSeeds((single ?? base).map((run) => scoreOf(run, unit))).mean]));
  const deltas = (runs: readonly StudyRun[]) =>
    runs.map((run) => {
      const drops = names.map((unit) => {
        const change = (scoreOf(run, unit) - reference[unit]!) / Math.abs(reference[unit]!);
        return units[unit]!.higherIsBetter ? -change : change;
      });
      return (100 * drops.reduce((sum, drop) => sum + drop, 0)) / names.length;
    });
  const entries = Object.entries(methods).filter(([, runs]) => runs.length > 0);
  const means = new Map(
    names.map((unit) => [
      unit,
      entries.map(([, runs]) => overSeeds(runs.map((run) => scoreOf(run, unit))).mean * (units[unit]!.higherIsBetter ? -1 : 1)),
    ]),
  );
  const summaries = entries.map(([method, runs], at): MethodSummary => {
    const ranks = names.map((unit) => {
      const all = means.get(unit)!;
      const [less, equal] = [all.filter((value) => value < all[at]!).length, all.filter((value) => value === all[at]).length];
      return less + (equal + 1) / 2;
    });
    return {
      method,
      units: Object.fromEntries(names.map((unit) => [unit, overSeeds(runs.map((run) => scoreOf(run, unit)))])),
      deltaM: overSeeds(deltas(runs)),
      meanRank: ranks.reduce((sum, rank) => sum + rank, 0) / names.length,
      versus: compared(overSeeds(deltas(runs)), overSeeds(deltas(base)), level, method === baseline),
    };
  });
  return summaries.sort((a, b) => a.deltaM.mean - b.deltaM.mean);
}

function scoreOf({ scores }: StudyRun, unit: string): number {
  const score = scores[unit];
  if (score !== undefined) return score;
  throw new TaskloomError('bad_option', `A run has no score for '${unit}'.`, { name: unit, got: Object.keys(scores) });
}

function overSeeds(values: readonly number[]): OverSeeds {
  const seeds = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / seeds;
  return { mean, sd: seeds > 1 ? Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (seeds - 1)) : Number.NaN, seeds };
}

/** B. L. Welch 1947: the two need not spread alike. */
function compared(own: OverSeeds, base: OverSeeds, level: number, same: boolean): MethodSummary['versus'] {
  const difference = own.mean - base.mean;
  if (same) return { difference: 0, half: 0, verdict: 'noise' };
  if (own.seeds < 2 || base.seeds < 2) return { difference, half: Number.NaN, verdict: 'unknown' };
  const [a, b] = [own.sd ** 2 / own.seeds, base.sd ** 2 / base.seeds];
  if (a + b === 0) return { difference, half: 0, verdict: difference < 0 ? 'better' : difference > 0 ? 'worse' : 'noise' };
  const freedom = (a + b) ** 2 / (a ** 2 / (own.seeds - 1) + b ** 2 / (base.seeds - 1));
  const half = studentQuantile((1 + level) / 2, freedom) * Math.sqrt(a + b);
  return { difference, half, verdict: Math.abs(difference) <= half ? 'noise' : difference < 0 ? 'better' : 'worse' };
}
