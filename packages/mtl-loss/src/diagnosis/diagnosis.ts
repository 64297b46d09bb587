import { TaskloomError } from '@taskloom/core';
import { effectiveRank } from './eigenvalues';
import type { Measurement } from './measurement';
import { median, type Spread, slopeOf, spreadOf } from './statistics';
import { type Verdict, verdictsOf } from './verdict';

/** How much conflict there is, and where it goes in the course of training. */
export interface ConflictCourse {
  /** The share of task pairs with gᵢ·gⱼ < 0, over all measurements. Pure noise has ½. */
  readonly share: number;
  /** By step, in the order of steps. */
  readonly steps: readonly { readonly step: number; readonly share: number }[];
  /** Change of the share from the first to the last step, by the least-squares line, and its standard error. */
  readonly trend: number;
  readonly trendError: number;
  /** Means over the first and the last third of the steps. */
  readonly early: number;
  readonly late: number;
}

export interface TaskDiagnosis {
  readonly task: string;
  readonly loss: Spread;
  /** ‖gᵢ‖ */
  readonly norm: Spread;
  /** Its median norm over the median of the other tasks' median norms. */
  readonly dominance: number;
  /** The same for losses. */
  readonly lossRatio: number;
  /** Cosine with the sum of the other tasks' unit gradients. */
  readonly withRest: Spread;
  /** The part of ‖gᵢ‖² that is not batch noise, 0 … 1; absent without `cross`. */
  readonly signal?: number;
  /** What a step for another task does to this one: the mean of its column of `affinity`. Absent without `lookahead`. */
  readonly received?: Spread;
}

/** Everything that measurements of task gradients say; plain JSON but for NaN, which stands for pairs that were never seen together. */
export interface Diagnosis {
  readonly tasks: readonly TaskDiagnosis[];
  readonly measurements: number;
  /** cosine[i][j] between the gradients of tasks i and j on one batch. */
  readonly cosine: readonly (readonly Spread[])[];
  /** The same without batch noise, which pulls cosines towards 0; absent without `cross`. */
  readonly corrected?: readonly (readonly number[])[];
  /** affinity[i][j] = 1 − Lⱼ(after a step for i) / Lⱼ (C. Fifty et al. 2021, arXiv 2109.04617): > 0 where training i helps j. */
  readonly affinity?: readonly (readonly Spread[])[];
  readonly conflict: ConflictCourse;
  /** Of J, between 1 and the number of tasks; one task that dominates makes it 1. */
  readonly effectiveRank: Spread;
  /** Of J with rows of length 1: in how many directions the tasks pull. */
  readonly directions: Spread;
  /** The most important one first. */
  readonly verdicts: readonly Verdict[];
}

/**
 * What measurements of the task gradients say about training these tasks together. Pure; measure with `diagnose`, or with the trainer's `gradientProbe`.
 * Throws `no_measurements` for none, `shape_mismatch` for one about another number of tasks.
 */
export function diagnosisOf(measurements: readonly Measurement[], tasks: readonly string[]): Diagnosis {
  const count = tasks.length;
  if (measurements.length === 0)
    throw new TaskloomError('no_measurements', 'There is nothing to diagnose.', { name: 'measurements', remedy: 'Take a measurement.' });
  for (const { losses, gramian } of measurements)
    if (losses.length !== count || gramian.length !== count * count)
      throw new TaskloomError('shape_mismatch', 'A measurement is about another number of tasks.', {
        name: 'measurements',
        expected: [count, count * count],
        got: [losses.length, gramian.length],
      });
  const pairs = <T>(cell: (i: number, j: number) => T): T[][] => tasks.map((_, i) => tasks.map((_, j) => cell(i, j)));
  const has = (key: 'cross' | 'lookahead') => measurements.some((measurement) => measurement[key] !== undefined);

  const norms = tasks.map((_, i) =>
    measurements.map((m) => (m.present[i]! > 0 ? Math.sqrt(Math.max(0, m.gramian[i * count + i]!)) : Number.NaN)),
  );
  const losses = tasks.map((_, i) => measurements.map((m) => (m.present[i]! > 0 ? m.losses[i]! : Number.NaN)));
  const cosine = pairs((i, j) => spreadOf(measurements.map((m) => cosineOf(m, i, j, count))));
  const affinity = has('lookahead') ? pairs((i, j) => spreadOf(measurements.map((m) => affinityOf(m, i, j, count)))) : undefined;
  const signal = has('cross') ? tasks.map((_, i) => clamp(meanCross(measurements, i, i, count), 0, 1)) : undefined;
  const corrected = signal && pairs((i, j) => (i === j ? 1 : correctedCosine(measurements, i, j, count, signal)));
  const withRest = tasks.map((_, i) => spreadOf(measurements.map((m) => cosineWithRest(m, i, count))));

  const diagnosis: Omit<Diagnosis, 'verdicts'> = {
    tasks: tasks.map((task, i) => ({
      task,
      loss: spreadOf(losses[i]!),
      norm: spreadOf(norms[i]!),
      dominance: againstOthers(norms, i),
      lossRatio: againstOthers(losses, i),
      withRest: withRest[i]!,
      ...(signal ? { signal: signal[i]! } : {}),
      ...(affinity ? { received: received(measurements, i, count) } : {}),
    })),
    measurements: measurements.length,
    cosine,
    ...(corrected ? { corrected } : {}),
    ...(affinity ? { affinity } : {}),
    conflict: conflictCourse(measurements, count),
    effectiveRank: spreadOf(measurements.map((m) => rankOf(m, count, false))),
    directions: spreadOf(measurements.map((m) => rankOf(m, count, true))),
  };
  return { ...diagnosis, verdicts: verdictsOf(diagnosis) };
}

function cosineOf({ gramian, present }: Measurement, i: number, j: number, count: number): number {
  const squares = gramian[i * count + i]! * gramian[j * count + j]!;
  if (!(present[i]! > 0 && present[j]! > 0 && squares > 0)) return Number.NaN;
  return i === j ? 1 : clamp(gramian[i * count + j]! / Math.sqrt(squares), -1, 1);
}

/** cos(gᵢ, Σ_{j≠i} gⱼ/‖gⱼ‖) */
function cosineWithRest(measurement: Measurement, i: number, count: number): number {
  const others = Array.from({ length: count }, (_, j) => j).filter((j) => j !== i && Number.isFinite(cosineOf(measurement, i, j, count)));
  const product = others.reduce((sum, j) => sum + cosineOf(measurement, i, j, count), 0);
  const square = others.reduce((sum, j) => sum + others.reduce((own, k) => own + cosineOf(measurement, j, k, count), 0), 0);
  return others.length > 0 && square > 1e-12 ? clamp(product / Math.sqrt(square), -1, 1) : Number.NaN;
}

function affinityOf({ lookahead, losses, present }: Measurement, i: number, j: number, count: number): number {
  if (!lookahead || !(present[i]! > 0 && present[j]! > 0) || losses[j] === 0) return Number.NaN;
  return (losses[j]! - lookahead[i * count + j]!) / Math.abs(losses[j]!);
}

/** For each measurement the mean of what steps for the others do to task j. */
function received(measurements: readonly Measurement[], j: number, count: number): Spread {
  const others = Array.from({ length: count }, (_, i) => i).filter((i) => i !== j);
  return spreadOf(measurements.map((m) => spreadOf(others.map((i) => affinityOf(m, i, j, count))).mean));
}

/** The mean of gᵢ·g′ⱼ / (‖gᵢ‖‖gⱼ‖), g′ from the other batch, both ways round. */
function meanCross(measurements: readonly Measurement[], i: number, j: number, count: number): number {
  const values = measurements.map(({ cross, gramian, present }) => {
    const length = Math.sqrt(gramian[i * count + i]! * gramian[j * count + j]!);
    if (!cross || !(present[i]! > 0 && present[j]! > 0 && length > 0)) return Number.NaN;
    return (cross[i * count + j]! + cross[j * count + i]!) / 2 / length;
  });
  return spreadOf(values).mean;
}

/** NaN where one of the two is noise alone. */
function correctedCosine(measurements: readonly Measurement[], i: number, j: number, count: number, signal: readonly number[]): number {
  const length = Math.sqrt(signal[i]! * signal[j]!);
  return length > 0 ? clamp(meanCross(measurements, i, j, count) / length, -1, 1) : Number.NaN;
}

function againstOthers(values: readonly (readonly number[])[], i: number): number {
  const others = median(values.filter((_, j) => j !== i).map(median));
  return others > 0 ? median(values[i]!) / others : Number.NaN;
}

function conflictCourse(measurements: readonly Measurement[], count: number): ConflictCourse {
  const byStep = new Map<number, number[]>();
  for (const measurement of measurements) {
    const signs: number[] = [];
    for (let i = 0; i < count; i++)
      for (let j = 0; j < i; j++) {
        const cosine = cosineOf(measurement, i, j, count);
        if (Number.isFinite(cosine)) signs.push(cosine < 0 ? 1 : 0);
      }
    if (signs.length > 0) byStep.set(measurement.step, [...(byStep.get(measurement.step) ?? []), spreadOf(signs).mean]);
  }
  const steps = [...byStep].sort(([a], [b]) => a - b).map(([step, shares]) => ({ step, share: spreadOf(shares).mean }));
  const shares = steps.map(({ share }) => share);
  const third = Math.max(1, Math.floor(steps.length / 3));
  const [first, last] = [steps[0]?.step ?? 0, steps.at(-1)?.step ?? 0];
  const length = last - first || 1;
  const { slope, error } = slopeOf(
    steps.map(({ step }) => (step - first) / length),
    shares,
  );
  return {
    share: spreadOf([...byStep.values()].flat()).mean,
    steps,
    trend: slope,
    trendError: error,
    early: spreadOf(shares.slice(0, third)).mean,
    late: spreadOf(shares.slice(-third)).mean,
  };
}

function rankOf({ gramian, present }: Measurement, count: number, unit: boolean): number {
  const shown = Array.from({ length: count }, (_, i) => i).filter((i) => present[i]! > 0 && gramian[i * count + i]! > 0);
  const length = (i: number) => (unit ? Math.sqrt(gramian[i * count + i]!) : 1);
  const sub = shown.flatMap((i) => shown.map((j) => gramian[i * count + j]! / length(i) / length(j)));
  return shown.length > 0 ? effectiveRank(sub, shown.length) : Number.NaN;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
