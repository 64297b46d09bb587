import { TaskloomError } from '@taskloom/core';
import { nearestTexts } from '@taskloom/text';
import type { DataProvider } from './data-provider';
import { collectLabels, type PlacedRow, readLabel, readLabelList, readTags } from './labels';
import type { ResolvedConfig } from './schema';
import { planSources, type SourcePlan, type SplitName } from './source-plan';
import { readSource, type SourceRows } from './sources';
import { readTargets } from './targets';
import type { TaskConfig } from './task-schema';
import { truncation } from './truncation';

/** Counts of one task in one split. */
export interface TaskDescription {
  readonly task: string;
  readonly split: SplitName;
  readonly rows: number;
  readonly labelled: number;
  /** Rows by label (tagging: spans by type); empty for numbers. */
  readonly labels: { readonly [label: string]: number };
}

export interface SourceDescription {
  readonly source: string;
  readonly split: SplitName;
  readonly rows: number;
  /** Words of a text: mean and greatest number. */
  readonly meanWords: number;
  readonly maxWords: number;
  /** Rows with a text longer than `features.maxTokens`; what comes after is left out, tags included. */
  readonly truncated: number;
}

/** One finding; errors make data unusable, warnings deserve a look. */
export interface DataFinding {
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

export interface DataReport {
  readonly sources: readonly SourceDescription[];
  readonly tasks: readonly TaskDescription[];
  readonly findings: readonly DataFinding[];
  /** Greatest character-5-gram Jaccard similarity of a test text to a training text, by source. */
  readonly nearest: { readonly [source: string]: number };
}

/** Above this a test text counts as a near copy of a training text. */
export const nearCopy = 0.6;
const splits = ['train', 'validation', 'test'] as const;

/**
 * Reads all splits, the test split included, counts what is there, and looks for what makes results wrong: unreadable rows, missing or unknown labels, texts
 * in two splits, test texts that are near copies of training texts (character-5-gram Jaccard ≥ 0.6).
 */
export async function inspectData(config: ResolvedConfig, data: DataProvider): Promise<DataReport> {
  const sources: SourceDescription[] = [];
  const tasks: TaskDescription[] = [];
  const findings: DataFinding[] = [];
  const nearest: Record<string, number> = {};
  const find = (severity: DataFinding['severity'], message: string) => findings.push({ severity, message });

  const truncated = await truncation(config, { data }).catch((error: unknown) => {
    if (!TaskloomError.isInstance(error)) throw error;
    find('error', error.message);
    return () => 0;
  });

  for (const plan of planSources(config.tasks)) {
    const read = new Map<SplitName, SourceRows>();
    for (const split of splits) {
      try {
        const rows = await readSource(plan, split, data, config.seed);
        if (rows) read.set(split, rows);
      } catch (error) {
        if (!TaskloomError.isInstance(error)) throw error;
        find('error', error.message);
      }
    }
    for (const split of splits)
      if (!read.has(split) && (split === 'train' || plan[split] === undefined))
        find('warning', `Source '${plan.name}' has no ${split} split.`);
    for (const [split, source] of read) {
      const lengths = source.documents.flatMap((documents) => documents.map(({ words }) => words.length));
      sources.push({
        source: plan.name,
        split,
        rows: source.rows.length,
        meanWords: lengths.reduce((a, b) => a + b, 0) / lengths.length,
        maxWords: lengths.reduce((a, b) => Math.max(a, b), 0),
        truncated: truncated(source),
      });
      const empty = source.documents.filter((documents) => documents.some(({ words }) => words.length === 0)).length;
      if (empty > 0) find('warning', `${plan.name}, ${split}: ${empty} text(s) without a word.`);
    }
    for (const task of plan.tasks) tasks.push(...checkTask(task, plan, read, find));
    compareSplits(plan, read, find, nearest);
  }
  return { sources, tasks, findings, nearest };
}

type Find = (severity: DataFinding['severity'], message: string) => void;

function checkTask(task: TaskConfig, plan: SourcePlan, read: ReadonlyMap<SplitName, SourceRows>, find: Find): TaskDescription[] {
  const train = read.get('train');
  if (!train) return [];
  const guarded = <T>(run: () => T): T | undefined => {
    try {
      return run();
    } catch (error) {
      if (!TaskloomError.isInstance(error)) throw error;
      find('error', error.message);
      return undefined;
    }
  };
  const labels = guarded(() => collectLabels(task, train.rows));
  if (!labels) return [];
  return [...read].flatMap(([split, source]) => {
    const counts = Int32Array.from(source.documents, ([document]) => document!.words.length);
    const targets = guarded(() => readTargets(task, labels, source.rows, counts));
    if (!targets) return [];
    const labelled = targets.weight.reduce((a, b) => a + b, 0);
    if (labelled === 0) find('error', `Task '${task.name}' has no labelled row in ${plan.name}, ${split}.`);
    const perLabel = countLabels(task, labels, source.rows);
    if (split === 'train')
      for (const label of labels) if (perLabel[label] === 0) find('warning', `Task '${task.name}': label '${label}' has no training row.`);
    return [{ task: task.name, split, rows: source.rows.length, labelled, labels: perLabel }];
  });
}

function countLabels(task: TaskConfig, labels: readonly string[], rows: readonly PlacedRow[]): { [label: string]: number } {
  const names =
    task.head === 'tagging' ? labels.filter((tag) => !tag.startsWith('I-') && tag !== 'O').map((tag) => tag.replace(/^B-/, '')) : labels;
  const counts: Record<string, number> = Object.fromEntries(names.map((name) => [name, 0]));
  const add = (name: string | undefined) => {
    if (name !== undefined && Object.hasOwn(counts, name)) counts[name]!++;
  };
  for (const { row, place } of rows) {
    switch (task.head) {
      case 'classification':
      case 'ordinal':
        add(readLabel(row[task.columns.label], place, task.columns.label));
        break;
      case 'multiLabel':
        for (const name of readLabelList(row[task.columns.label], place, task.columns.label) ?? []) add(name);
        break;
      case 'tagging':
        for (const tag of readTags(row[task.columns.tags], place, task.columns.tags) ?? []) add(tag.startsWith('B-') ? tag.slice(2) : tag);
        break;
      case 'pairSimilarity': {
        const value = row[task.columns.label];
        if (task.output === 'binary' && value !== undefined && value !== null && value !== '')
          add([true, 1, '1', 'true'].includes(value as never) ? 'same' : 'different');
        break;
      }
      default:
    }
  }
  return counts;
}

/** Texts in two splits, and test texts close to training texts. A pair counts as its two texts together. */
function compareSplits(plan: SourcePlan, read: ReadonlyMap<SplitName, SourceRows>, find: Find, nearest: Record<string, number>): void {
  const textsOf = (split: SplitName) => read.get(split)?.documents.map((documents) => documents.map(({ text }) => text).join('\n')) ?? [];
  for (const split of splits) {
    const texts = textsOf(split);
    const twice = texts.length - new Set(texts).size;
    if (twice > 0) find('warning', `${plan.name}, ${split}: ${twice} row(s) stand there twice.`);
  }
  for (const [one, other] of [
    ['train', 'validation'],
    ['train', 'test'],
    ['validation', 'test'],
  ] as const) {
    const seen = new Set(textsOf(one));
    const shared = [...new Set(textsOf(other))].filter((text) => seen.has(text));
    if (shared.length > 0)
      find(
        'error',
        `${plan.name}: ${shared.length} text(s) stand in ${one} and in ${other}, such as ${JSON.stringify(shared[0]!.slice(0, 60))}.`,
      );
  }
  const single = (split: SplitName) => [
    ...new Set(read.get(split)?.documents.flatMap((documents) => documents.map(({ text }) => text)) ?? []),
  ];
  const [train, test] = [single('train'), single('test')];
  if (train.length === 0 || test.length === 0) return;
  const { similarities, indices } = nearestTexts(test, train, { n: 5 });
  nearest[plan.name] = similarities.reduce((a, b) => Math.max(a, b), 0);
  const close = test.flatMap((text, i) =>
    similarities[i]! >= nearCopy ? [{ text, similarity: similarities[i]!, train: train[indices[i]!]! }] : [],
  );
  for (const { text, similarity, train: near } of close.slice(0, 5))
    find(
      'warning',
      `${plan.name}: test text ${JSON.stringify(text.slice(0, 60))} is close to training text ${JSON.stringify(near.slice(0, 60))} (5-gram Jaccard ${similarity.toFixed(2)}).`,
    );
  if (close.length > 5) find('warning', `${plan.name}: ${close.length - 5} more test texts are close to training texts.`);
}
