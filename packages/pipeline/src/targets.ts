import { type HostArray, hostArray, type Tree } from '@taskloom/core';
import { badData, isMissing, type Place } from './data-provider';
import { type PlacedRow, readLabel, readLabelList, readTags } from './labels';
import type { TaskConfig } from './task-schema';

/** A task's targets for all rows of a source. */
export interface Targets {
  /** float32 [rows]: 0 where the label is missing. */
  readonly weight: Float32Array;
  /** The targets of `rows`, padded to `size` rows; `time` is the length of the batch in tokens (for tags). */
  gather(rows: Int32Array, size: number, time: number): Tree<HostArray>;
}

/** Reads a task's labels from its rows. Throws `bad_data` with file and row for a label that cannot be read or is not among `labels`. */
export function readTargets(task: TaskConfig, labels: readonly string[], rows: readonly PlacedRow[], tokenCounts: Int32Array): Targets {
  const index = new Map(labels.map((label, i) => [label, i]));
  const indexOf = (label: string, place: Place, column: string) => {
    const found = index.get(label);
    if (found !== undefined) return found;
    throw badData(
      place,
      column,
      `'${label}' is not a label of task '${task.name}'.`,
      undefined,
      `Known: ${labels.slice(0, 20).join(', ')}${labels.length > 20 ? ', …' : ''}.`,
    );
  };
  const weight = new Float32Array(rows.length);
  switch (task.head) {
    case 'classification':
    case 'ordinal': {
      const values = new Int32Array(rows.length);
      for (const [i, { row, place }] of rows.entries()) {
        const label = readLabel(row[task.columns.label], place, task.columns.label);
        if (label === undefined) continue;
        values[i] = indexOf(label, place, task.columns.label);
        weight[i] = 1;
      }
      return { weight, gather: (chosen, size) => hostArray(pick(values, chosen, new Int32Array(size))) };
    }
    case 'regression':
    case 'pairSimilarity': {
      const values = new Float32Array(rows.length);
      for (const [i, { row, place }] of rows.entries()) {
        const value = row[task.columns.label];
        if (isMissing(value)) continue;
        values[i] =
          task.head === 'pairSimilarity' && task.output === 'binary'
            ? readYesNo(value, place, task.columns.label)
            : readNumber(value, place, task.columns.label);
        weight[i] = 1;
      }
      return { weight, gather: (chosen, size) => hostArray(pick(values, chosen, new Float32Array(size))) };
    }
    case 'multiLabel': {
      const width = labels.length;
      const values = new Float32Array(rows.length * width);
      for (const [i, { row, place }] of rows.entries()) {
        const names = readLabelList(row[task.columns.label], place, task.columns.label);
        if (!names) continue;
        for (const name of names) values[i * width + indexOf(name, place, task.columns.label)] = 1;
        weight[i] = 1;
      }
      return {
        weight,
        gather(chosen, size) {
          const out = new Float32Array(size * width);
          for (const [i, row] of chosen.entries()) out.set(values.subarray(row * width, (row + 1) * width), i * width);
          return hostArray(out, [size, width]);
        },
      };
    }
    case 'tagging': {
      const values = rows.map(({ row, place }, i) => {
        const tags = readTags(row[task.columns.tags], place, task.columns.tags);
        if (!tags) return new Int32Array(0);
        if (tags.length !== tokenCounts[i])
          throw badData(place, task.columns.tags, `There are ${tags.length} tags for ${tokenCounts[i]} tokens.`);
        weight[i] = 1;
        return Int32Array.from(tags, (tag) => indexOf(tag, place, task.columns.tags));
      });
      return {
        weight,
        gather(chosen, size, time) {
          const out = new Int32Array(size * time).fill(-1);
          for (const [i, row] of chosen.entries()) out.set(values[row]!.subarray(0, time), i * time);
          return hostArray(out, [size, time]);
        },
      };
    }
  }
}

function pick<A extends Int32Array | Float32Array>(values: A, rows: Int32Array, out: A): A {
  rows.forEach((row, i) => {
    out[i] = values[row]!;
  });
  return out;
}

function readNumber(value: unknown, place: Place, column: string): number {
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw badData(place, column, 'A finite number is needed.', value);
}

function readYesNo(value: unknown, place: Place, column: string): number {
  if (value === true || value === 1 || value === '1' || value === 'true') return 1;
  if (value === false || value === 0 || value === '0' || value === 'false') return 0;
  throw badData(place, column, 'true or false (or 1 or 0) is needed.', value);
}
