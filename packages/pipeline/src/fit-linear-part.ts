import { type CheckpointStore, TaskloomError } from '@taskloom/core';
import { notWithin } from '@taskloom/shared-encoder';
import { checkpointSteps, type Dataset } from '@taskloom/trainer';
import type { InputShape } from './features';
import type { Labels } from './labels';
import { finerTask, linearColumns, linearPart } from './linear-part';
import { classWeights } from './model';
import type { ResolvedConfig } from './schema';
import { type FeatureRows, featureRows } from './sparse-rows';
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
 * Weights and biases of the trunk's linear part, none without one: for each class of each task a support vector machine against all its other classes. Features count by the root of their inverse document frequency, which goes
 * into the weights. Classes weigh as the task's `classWeights` say. A task with `finer` labels knows the biases of those within each of its own.
 */
export async function fitLinearPart(
  config: ResolvedConfig,
  dataset: Dataset,
  { bags = {} }: InputShape,
  labels: Labels,
  { store, resume = false, onProgress }: LinearOptions,
): Promise<StartingValues> {
  const part = linearPart(config);
  if (!part || (resume && store && (await checkpointSteps(store)).length > 0)) return new Map();
  const columns = linearColumns(config, labels);
  const width = Object.values(columns)[0]!.of;
  const offsets = new Map<string, number>();
  let features = 0;
  for (const [bag, size] of Object.entries(bags)) {
    offsets.set(bag, features);
    features += size;
  }
  const table = new Float32Array(features * width);
  const found = new Map<string, Float32Array>(
    Object.entries(bags).map(([bag, size]) => [
      `shared/${part.name}/embedding/${bag}/table`,
      table.subarray(offsets.get(bag)! * width, (offsets.get(bag)! + size) * width),
    ]),
  );
  for (const source of dataset.sources) {
    const { tasks, ...rows } = featureRows(dataset, source, offsets);
    const within = divisions(config, tasks, labels);
    const { order, scale } = byFrequency(rows, features);
    for (const [name, { classes, weights }] of tasks) {
      const began = performance.now();
      const weightOf = classWeights(config.tasks.find((task) => task.name === name)!, labels[name]!);
      const shares = weights.map((weight, row) => weight * (weightOf?.[classes[row]!] ?? 1));
      const bias = new Float32Array(labels[name]!.length);
      for (let own = 0; own < bias.length; own++) {
        const w = new Float64Array(order.length);
        bias[own] = supportVectors(rows, (row) => classes[row] === own, w, { cost: part.cost, shares });
        const column = columns[name]!.from + own;
        for (const [at, id] of order.entries()) table[id * width + column] = w[at]! * scale[at]!;
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

/** Of each task with finer labels within which of its labels each of them lies; −1 for one that no row has. Throws `bad_data` where the rows do not divide its labels so. */
function divisions(
  config: ResolvedConfig,
  targets: FeatureRows['tasks'],
  labels: Labels,
): ReadonlyMap<string, { readonly finer: string; readonly parents: Int32Array }> {
  const found = new Map<string, { readonly finer: string; readonly parents: Int32Array }>();
  for (const task of config.tasks) {
    const finer = finerTask(task);
    const own = targets.get(task.name);
    if (finer === undefined || !own) continue;
    const below = targets.get(finer)!;
    const parents = new Int32Array(labels[finer]!.length).fill(-1);
    const nameOf = (label: number) => `'${labels[task.name]![label]}'`;
    for (const [row, f] of below.classes.entries()) {
      if (below.weights[row] === 0 || own.weights[row] === 0) continue;
      const parent = own.classes[row]!;
      if (parents[f] !== -1 && parents[f] !== parent)
        throw new TaskloomError(
          'bad_data',
          `'${labels[finer]![f]}' of task '${finer}' lies within ${nameOf(parents[f]!)} and ${nameOf(parent)}.`,
          {
            name: `${task.name}.finer`,
            expected: `each label of '${finer}' within one label of '${task.name}'`,
          },
        );
      parents[f] = parent;
    }
    const empty = labels[task.name]!.findIndex((_, label) => !parents.includes(label));
    if (empty >= 0)
      throw new TaskloomError('bad_data', `No label of task '${finer}' lies within ${nameOf(empty)}.`, {
        name: `${task.name}.finer`,
        remedy: 'Where a label has no finer ones, give its rows its own name as the finer label.',
      });
    found.set(task.name, { finer, parents });
  }
  return found;
}

/**
 * Gives the features of the rows new ids, the most frequent first, so that those that most rows read lie together in memory, and their values the factor
 * √(1 + ln((1 + rows)/(1 + rows with the feature))), divided by its mean square over all that occurs, so that rows keep their lengths. Returns the old ids and the factors.
 */
function byFrequency({ starts, ids, values }: SparseRows, features: number): { readonly order: Int32Array; readonly scale: Float64Array } {
  const rows = starts.length - 1;
  const counts = new Int32Array(features);
  for (const id of ids) counts[id]!++;
  const order = Int32Array.from(counts.keys())
    .filter((id) => counts[id]! > 0)
    .sort((a, b) => counts[b]! - counts[a]!);
  const rarity = Float64Array.from(order, (id) => 1 + Math.log((1 + rows) / (1 + counts[id]!)));
  const square = rarity.reduce((sum, own, at) => sum + counts[order[at]!]! * own, 0) / Math.max(1, ids.length);
  const scale = rarity.map((own) => Math.sqrt(own / square));
  const ranks = new Int32Array(features);
  for (const [at, id] of order.entries()) ranks[id] = at;
  for (const [i, id] of ids.entries()) {
    ids[i] = ranks[id]!;
    values[i]! *= scale[ranks[id]!]!;
  }
  return { order, scale };
}
