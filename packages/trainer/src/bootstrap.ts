import { type Branch, type HostArray, hostRandom, isHostArray, mapTree, TaskloomError, type Tree } from '@taskloom/core';
import { type Judged, type JudgingPlan, pooled } from './groups';
import type { Bootstrap, Interval, TaskOutputs } from './types';

type Rows = TaskOutputs['batches'][number];

/** A task's outputs, and the names of the sources that its rows come from. */
export interface Collected {
  readonly outputs: TaskOutputs;
  readonly sources: readonly string[];
}

export interface Intervals {
  /** By task or group, then by metric. */
  readonly of: { readonly [judged: string]: { readonly [metric: string]: Interval } };
  /** Of the mean that `mean` takes of each replicate. */
  readonly mean?: Interval;
}

/**
 * Percentile intervals (Efron & Tibshirani 1993, chapter 13): in each replicate every task's rows are drawn with replacement, as many as it has; a group sees the
 * rows that were drawn for its tasks, and the mean is taken over the same replicate. Tasks that label the same rows of a source draw the same ones. Replicates in which
 * a metric is not finite are left out of its interval.
 */
export function bootstrapped(
  { tasks, groups }: JudgingPlan,
  collected: { readonly [task: string]: Collected },
  mean: (values: { readonly [judged: string]: { readonly [metric: string]: number } }) => number,
  { samples = 1000, level = 0.95, seed = 0 }: Bootstrap,
): Intervals {
  if (!Number.isInteger(samples) || samples < 1)
    throw new TaskloomError('bad_option', "'samples' must be a whole number of 1 or more.", { name: 'bootstrap.samples', got: samples });
  if (!(level > 0 && level < 1))
    throw new TaskloomError('bad_option', 'A level lies between 0 and 1.', { name: 'bootstrap.level', got: level });
  const random = hostRandom(seed).fold('bootstrap');
  const draws = Object.entries(collected).map(([task, { outputs, sources }]) => {
    const resample = resampler(outputs);
    const own = sources.reduce((stream, source) => stream.fold(source), random);
    return [task, (replicate: number) => resample((count) => own.fold(replicate).uniform(count))] as const;
  });
  const judged = [...tasks, ...groups].filter((each) => each.tasks.some((task) => rowCount(collected[task]!.outputs) > 0));
  const values = new Map(judged.map((each) => [each, each.metrics.map(() => new Float64Array(samples))]));
  const means = new Float64Array(samples);
  for (let replicate = 0; replicate < samples; replicate++) {
    const drawn = new Map(draws.map(([task, draw]) => [task, draw(replicate)]));
    const found = Object.fromEntries(judged.map((each) => [each.name, metricsOf(each, (task) => drawn.get(task)!)]));
    for (const [each, columns] of values)
      for (const [i, [name]] of each.metrics.entries()) columns[i]![replicate] = found[each.name]![name]!;
    means[replicate] = mean(found);
  }
  const ofMean = percentiles(means, level);
  return {
    of: Object.fromEntries(
      judged.map((each) => [
        each.name,
        Object.fromEntries(
          each.metrics.flatMap(([name], i) => {
            const interval = percentiles(values.get(each)![i]!, level);
            return interval ? [[name, interval]] : [];
          }),
        ),
      ]),
    ),
    ...(ofMean ? { mean: ofMean } : {}),
  };
}

/** The metrics of a task or group by name. */
export function metricsOf({ tasks, metrics }: Judged, outputsOf: (task: string) => TaskOutputs): { readonly [metric: string]: number } {
  const outputs = pooled(tasks.map(outputsOf));
  return Object.fromEntries(metrics.map(([name, metric]) => [name, metric.compute(outputs)]));
}

/** The quantiles (1 ± level)/2 of the finite values, interpolated between order statistics. */
export function percentiles(values: Float64Array, level: number): Interval | undefined {
  const sorted = values.filter(Number.isFinite).sort();
  if (sorted.length === 0) return undefined;
  const quantile = (p: number) => {
    const at = p * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
    return below + (at - Math.floor(at)) * (above - below);
  };
  return [quantile((1 - level) / 2), quantile((1 + level) / 2)];
}

/** Draws rows of some outputs with replacement. Leaves are gathered only when a metric reads them. */
function resampler(outputs: TaskOutputs): (uniform: (count: number) => Float32Array) => TaskOutputs {
  const batches = joined(outputs.batches);
  const sizes = batches.map(({ target }) => leafOf(target).shape[0]!);
  const total = sizes.reduce((a, b) => a + b, 0);
  return (uniform) => {
    const rows = Array.from(uniform(total), (u) => Math.min(total - 1, Math.floor(u * total)));
    let start = 0;
    const drawn = batches.map((batch, i) => {
      const [from, to] = [start, start + sizes[i]!];
      start = to;
      return gathered(batch, batches.length === 1 ? rows : rows.filter((row) => row >= from && row < to).map((row) => row - from));
    });
    return { ...outputs, batches: drawn };
  };
}

function gathered({ predictions, target }: Rows, rows: readonly number[]): Rows {
  const lazy = {};
  for (const [name, leaf] of Object.entries(predictions))
    Object.defineProperty(lazy, name, { enumerable: true, get: () => (isHostArray(leaf) ? rowsOf(leaf, rows) : leaf) });
  return { predictions: lazy as Branch<HostArray>, target: mapTree(target, (leaf) => rowsOf(leaf, rows)) as Tree<HostArray> };
}

/** Batches of equal row shapes as one. */
function joined(batches: readonly Rows[]): Rows[] {
  const alike = new Map<string, Rows[]>();
  for (const batch of batches) {
    const shapes = JSON.stringify([mapTree(batch.target, rowShape), mapTree(batch.predictions, rowShape)]);
    const same = alike.get(shapes);
    if (same) same.push(batch);
    else alike.set(shapes, [batch]);
  }
  return [...alike.values()].map((same) => ({
    predictions: Object.fromEntries(
      Object.keys(same[0]!.predictions).map((name) => [name, concatenated(same.map(({ predictions }) => predictions[name] as HostArray))]),
    ),
    target: isHostArray(same[0]!.target)
      ? concatenated(same.map(({ target }) => target as HostArray))
      : Object.fromEntries(
          Object.keys(same[0]!.target).map((name) => [
            name,
            concatenated(same.map(({ target }) => (target as Branch<HostArray>)[name] as HostArray)),
          ]),
        ),
  }));
}

function rowShape({ shape }: HostArray): string {
  return shape.slice(1).join('×');
}

function concatenated(leaves: readonly HostArray[]): HostArray {
  const [first] = leaves as readonly [HostArray, ...HostArray[]];
  const data = first.data.slice(0, 0);
  const length = leaves.reduce((sum, leaf) => sum + leaf.data.length, 0);
  const all = new (data.constructor as new (length: number) => typeof data)(length);
  let at = 0;
  for (const leaf of leaves) {
    all.set(leaf.data, at);
    at += leaf.data.length;
  }
  return { ...first, shape: [leaves.reduce((sum, leaf) => sum + leaf.shape[0]!, 0), ...first.shape.slice(1)], data: all };
}

/** Some rows of a leaf, in the order asked for. */
export function rowsOf(leaf: HostArray, rows: readonly number[]): HostArray {
  const size = leaf.shape.slice(1).reduce((a, b) => a * b, 1);
  const data = new (leaf.data.constructor as new (length: number) => HostArray['data'])(rows.length * size);
  if (size === 1) for (let i = 0; i < rows.length; i++) data[i] = leaf.data[rows[i]!]!;
  else for (let i = 0; i < rows.length; i++) data.set(leaf.data.subarray(rows[i]! * size, (rows[i]! + 1) * size), i * size);
  return { ...leaf, shape: [rows.length, ...leaf.shape.slice(1)], data };
}

/** Labelled rows. */
export function rowCount({ batches }: TaskOutputs): number {
  return batches.reduce((sum, { target }) => sum + leafOf(target).shape[0]!, 0);
}

function leafOf(target: Tree<HostArray>): HostArray {
  return isHostArray(target) ? target : leafOf(Object.values(target)[0]!);
}
