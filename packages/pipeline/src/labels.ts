import { byCodePoint, TaskloomError } from '@taskloom/core';
import { badData, isMissing, type Place, type Row } from './data-provider';
import type { TaskConfig } from './task-schema';

/** Label names by task; a task whose target is a number has none. */
export type Labels = { readonly [task: string]: readonly string[] };

/** A row together with where it was read. */
export interface PlacedRow {
  readonly row: Row;
  readonly place: Place;
}

/** The labels of a task: those its config lists, else those of the training rows in code-point order ('O' first for tags). */
export function collectLabels(task: TaskConfig, rows: readonly PlacedRow[]): readonly string[] {
  switch (task.head) {
    case 'regression':
      return [];
    case 'pairSimilarity':
      return task.output === 'binary' ? ['different', 'same'] : [];
    case 'ordinal':
      return task.labels;
    case 'tagging':
      return orderTags(task.labels ?? distinct(rows, ({ row, place }) => readTags(row[task.columns.tags], place, task.columns.tags)));
    case 'multiLabel':
      return (
        task.labels ??
        atLeastTwo(
          task,
          distinct(rows, ({ row, place }) => readLabelList(row[task.columns.label], place, task.columns.label)),
        )
      );
    case 'classification':
      return (
        task.labels ??
        atLeastTwo(
          task,
          distinct(rows, ({ row, place }) => [readLabel(row[task.columns.label], place, task.columns.label)]),
        )
      );
  }
}

/** A label as its name; undefined where it is missing. Numbers and booleans are named as JSON writes them. */
export function readLabel(value: unknown, place: Place, column: string): string | undefined {
  if (isMissing(value)) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return String(value);
  throw badData(place, column, 'A label is a word, a number or true/false.', value);
}

/** A list of labels, or their names joined by '|' (CSV); an empty list means that none applies, missing means unknown. */
export function readLabelList(value: unknown, place: Place, column: string): readonly string[] | undefined {
  if (isMissing(value)) return undefined;
  if (typeof value === 'string')
    return value
      .split('|')
      .map((name) => name.trim())
      .filter((name) => name !== '');
  if (Array.isArray(value) && value.every((name) => typeof name === 'string' || typeof name === 'number')) return value.map(String);
  throw badData(place, column, "Labels are a list of words, or words joined by '|'.", value);
}

/** Tags as a list, or separated by spaces (CSV). */
export function readTags(value: unknown, place: Place, column: string): readonly string[] | undefined {
  if (isMissing(value)) return undefined;
  if (typeof value === 'string') return value.trim().split(/\s+/);
  if (Array.isArray(value) && value.every((tag) => typeof tag === 'string' && tag !== '')) return value as string[];
  throw badData(place, column, 'Tags are a list of words, one a token.', value);
}

function distinct(rows: readonly PlacedRow[], read: (row: PlacedRow) => readonly (string | undefined)[] | undefined): string[] {
  const found = new Set<string>();
  for (const row of rows) for (const label of read(row) ?? []) if (label !== undefined) found.add(label);
  return [...found].sort(byCodePoint);
}

function atLeastTwo(task: TaskConfig, labels: string[]): string[] {
  if (labels.length >= 2) return labels;
  throw new TaskloomError('bad_data', `Task '${task.name}' needs at least two different labels in its training rows.`, {
    name: task.name,
    got: labels,
    remedy: `Is column '${'label' in task.columns ? task.columns.label : 'tags'}' the right one?`,
  });
}

/** 'O' first, then `B-x`, `I-x` for each type x, then tags of other forms. */
function orderTags(tags: readonly string[]): string[] {
  const types = [...new Set(tags.filter((tag) => /^[BI]-./.test(tag)).map((tag) => tag.slice(2)))].sort(byCodePoint);
  const others = tags.filter((tag) => tag !== 'O' && !/^[BI]-./.test(tag));
  const ordered = ['O', ...types.flatMap((type) => [`B-${type}`, `I-${type}`]), ...others];
  if (ordered.length < 2) throw new TaskloomError('bad_data', 'The training rows hold no tags but O.', { got: tags });
  return ordered;
}
