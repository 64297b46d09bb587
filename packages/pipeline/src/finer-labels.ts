import { TaskloomError } from '@taskloom/core';
import type { Labels } from './labels';
import type { ResolvedConfig } from './schema';
import type { FeatureRows } from './sparse-rows';
import type { TaskConfig } from './task-schema';

/** The task whose labels lie within those of this one. */
export function finerTask(task: TaskConfig): string | undefined {
  return task.head === 'classification' ? task.finer : undefined;
}

/** How the labels of one task divide those of another. */
interface Division {
  /** The task with the finer labels. */
  readonly finer: string;
  /** By finer label: the label that it lies within; −1 for one that no row has. */
  readonly parents: Int32Array;
}

/** By task how its finer labels divide its own, as the rows of a source show. Throws `bad_data` where one lies within two labels, or none within a label. */
export function divisions(config: ResolvedConfig, targets: FeatureRows['tasks'], labels: Labels): ReadonlyMap<string, Division> {
  const found = new Map<string, Division>();
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
