import type { CheckpointStore } from '@taskloom/core';
import { notWithin } from '@taskloom/shared-encoder';
import { checkpointSteps, type Dataset } from '@taskloom/trainer';
import { bagsRead, type InputShape } from './features';
import { divisions, finerTask } from './finer-labels';
import type { Labels } from './labels';
import { linearColumns, linearPart } from './linear-part';
import { classWeights } from './model';
import type { ResolvedConfig } from './schema';
import { featureRows } from './sparse-rows';
import type { StartingValues } from './starting-model';
import { type SparseRows, supportVectors } from './support-vectors';

/** The linear model of a task is fitted. */
export interface LinearEvent {
  readonly kind: 'linear';
  readonly task: string;
  readonly classes: number;
  readonly rows: number;
  readonly seconds: number;
}

export interface LinearOptions {
  readonly store?: CheckpointStore;
  /** Whether the run goes on: its checkpoint, where there is one, has the weights. */
  readonly resume?: boolean;
  readonly onProgress?: (event: LinearEvent) => void | Promise<void>;
}

/**
 * Weights and biases of the trunk's linear part, none without one: for each class of each task a support vector machine against all its other classes. Features count by the root of their inverse document frequency and as their bag does, which goes
 * into the weights, and so do the part's `ratios`. Classes weigh as the task's `classWeights` say. A task with `finer` labels knows the biases of those within each of its own. Scores that no head reads, for their scale is 0, stay 0.
 */
export async function fitLinearPart(
  config: ResolvedConfig,
  dataset: Dataset,
  { bags: all = {} }: InputShape,
  labels: Labels,
  { store, resume = false, onProgress }: LinearOptions,
): Promise<StartingValues> {
  const part = linearPart(config);
  if (!part || (resume && store && (await checkpointSteps(store)).length > 0)) return new Map();
  const bags = bagsRead(part, all);
  const columns = linearColumns(config, labels);
  const isRead = (name: string) => columns[name]!.scale !== 0 || config.tasks.some((task) => finerTask(task) === name);
  const width = Object.values(columns)[0]!.of;
  const offsets = new Map<string, number>();
  let features = 0;
  for (const [bag, size] of Object.entries(bags)) {
    offsets.set(bag, features);
    features += size;
  }
  const table = new Float32Array(features * width);
  const counts = new Float64Array(features).fill(1);
  for (const [bag, weight] of Object.entries(part.bags ?? {})) counts.fill(weight, offsets.get(bag)!, offsets.get(bag)! + bags[bag]!);
  const found = new Map<string, Float32Array>(
    Object.entries(bags).map(([bag, size]) => [
      `shared/${part.name}/embedding/${bag}/table`,
      table.subarray(offsets.get(bag)! * width, (offsets.get(bag)! + size) * width),
    ]),
  );
  for (const source of dataset.sources) {
    const { tasks, ...rows } = featureRows(dataset, source, offsets);
    const within = divisions(config, tasks, labels);
    const { order, scale } = byFrequency(rows, counts);
    for (const [name, { classes, weights }] of tasks) {
      if (!isRead(name)) continue;
      const began = performance.now();
      const weightOf = classWeights(config.tasks.find((task) => task.name === name)!, labels[name]!);
      const shares = weights.map((weight, row) => weight * (weightOf?.[classes[row]!] ?? 1));
      const bias = new Float32Array(labels[name]!.length);
      for (let own = 0; own < bias.length; own++) {
        const w = new Float64Array(order.length);
        const positive = (row: number) => classes[row] === own;
        const factors = part.ratios > 0 ? byRatios(rows, shares, positive, order.length, part.ratios) : undefined;
        const values = factors ? rows.values.map((value, at) => value * factors[rows.ids[at]!]!) : rows.values;
        bias[own] = supportVectors({ ...rows, values }, positive, w, { cost: part.cost, shares });
        const column = columns[name]!.from + own;
        for (const [at, id] of order.entries()) table[id * width + column] = w[at]! * scale[at]! * (factors?.[at] ?? 1);
        // Whoever shows progress or waits for a signal has a turn.
        await new Promise((resolve) => setTimeout(resolve));
      }
      found.set(`tasks/${name}/linear/bias`, bias);
      const seconds = (performance.now() - began) / 1000;
      await onProgress?.({ kind: 'linear', task: name, classes: bias.length, rows: shares.filter((share) => share > 0).length, seconds });
    }
    for (const [name, { finer, parents }] of within) {
      const bias = found.get(`tasks/${finer}/linear/bias`)!;
      const table = labels[name]!.map((_, own) => bias.map((value, f) => (parents[f] === own ? value : notWithin)));
      found.set(`tasks/${name}/linear/finer`, Float32Array.from(table.flatMap((row) => [...row])));
    }
  }
  return found;
}

/**
 * Gives the features of the rows new ids, the most frequent first, so that those that most rows read lie together in memory, and their values the factor
 * √(1 + ln((1 + rows)/(1 + rows with the feature))), divided by its mean square over all that occurs, so that rows keep their lengths, times what `weights` has for it. Returns the old ids and the factors.
 */
function byFrequency(
  { starts, ids, values }: SparseRows,
  weights: Float64Array,
): { readonly order: Int32Array; readonly scale: Float64Array } {
  const rows = starts.length - 1;
  const counts = new Int32Array(weights.length);
  for (const id of ids) counts[id]!++;
  const order = Int32Array.from(counts.keys())
    .filter((id) => counts[id]! > 0)
    .sort((a, b) => counts[b]! - counts[a]!);
  const rarity = Float64Array.from(order, (id) => 1 + Math.log((1 + rows) / (1 + counts[id]!)));
  const square = rarity.reduce((sum, own, at) => sum + counts[order[at]!]! * own, 0) / Math.max(1, ids.length);
  const scale = rarity.map((own, at) => weights[order[at]!]! * Math.sqrt(own / square));
  const ranks = new Int32Array(weights.length);
  for (const [at, id] of order.entries()) ranks[id] = at;
  for (const [i, id] of ids.entries()) {
    ids[i] = ranks[id]!;
    values[i]! *= scale[ranks[id]!]!;
  }
  return { order, scale };
}

/**
 * For each feature (1 − β) + β·r/r̄, where r = |log (p/‖p‖₁) − log (q/‖q‖₁)|, p and q are 1 + the rows of the class and the labelled others with the feature, and r̄ is the root mean square of r over all
 * that occurs; divided by its own root mean square there, so that rows keep their lengths. After Wang & Manning 2012, "Baselines and bigrams" (NBSVM), which interpolates weights; a machine's
 * penalty then falls on features by how little they tell of the class.
 */
function byRatios(
  { starts, ids }: SparseRows,
  shares: Float32Array,
  positive: (row: number) => boolean,
  features: number,
  beta: number,
): Float64Array {
  const [own, others] = [new Float64Array(features).fill(1), new Float64Array(features).fill(1)];
  const occurrences = new Float64Array(features);
  for (const [row, share] of shares.entries()) {
    if (share === 0) continue;
    const counts = positive(row) ? own : others;
    for (let at = starts[row]!; at < starts[row + 1]!; at++) {
      counts[ids[at]!]!++;
      occurrences[ids[at]!]!++;
    }
  }
  const sum = (x: Float64Array) => x.reduce((total, value) => total + value, 0);
  const meanSquare = (x: Float64Array) => x.reduce((total, value, id) => total + occurrences[id]! * value ** 2, 0) / sum(occurrences);
  const difference = Math.log(sum(own) / sum(others));
  const ratios = own.map((count, id) => Math.abs(Math.log(count / others[id]!) - difference));
  const root = Math.sqrt(meanSquare(ratios)) || 1;
  const mixed = ratios.map((ratio) => 1 - beta + (beta * ratio) / root);
  const length = Math.sqrt(meanSquare(mixed)) || 1;
  return mixed.map((value) => value / length);
}
