import type { Branch, HostArray } from '@taskloom/core';
import { tagsToSpans } from '@taskloom/text';
import type { Document } from './document';
import type { TaskConfig } from './task-schema';

/** A marked stretch of a text; `start` and `end` count UTF-16 units, as `text.slice` does. */
export interface TaggedSpan {
  readonly start: number;
  readonly end: number;
  readonly label: string;
  readonly text: string;
}

/** One task's answer. */
export type TaskPrediction =
  /** classification, ordinal, pairSimilarity 'binary' ('same' or 'different') */
  | { readonly label: string; readonly probabilities: { readonly [label: string]: number } }
  /** multiLabel: those at least as likely as their thresholds say */
  | { readonly labels: readonly string[]; readonly probabilities: { readonly [label: string]: number } }
  /** regression, pairSimilarity 'score' */
  | { readonly value: number }
  /** tagging; `tokenTags` where the words were given, one for each */
  | { readonly tags: readonly TaggedSpan[]; readonly tokenTags?: readonly string[] };

/** Answers by task. */
export type Prediction = { readonly [task: string]: TaskPrediction };

/** Row `row` of what a head predicts, in words. `document` is the row's text, `words` whether it came as words. */
export function describePrediction(
  task: TaskConfig,
  labels: readonly string[],
  predictions: Branch<HostArray>,
  row: number,
  document: Document | undefined,
  words: boolean,
): TaskPrediction {
  const leaf = (name: string) => predictions[name] as HostArray;
  switch (task.head) {
    case 'regression':
      return { value: leaf('value').data[row]! };
    case 'multiLabel': {
      const decisions = leaf('decisions').data;
      const chosen = labels.filter((_, k) => decisions[row * labels.length + k]! > 0);
      return withProbabilities({ labels: chosen }, labels, leaf('probabilities'), row);
    }
    case 'tagging': {
      const ids = leaf('tags');
      const time = ids.shape[1]!;
      const count = document!.words.length;
      const tags = Array.from({ length: count }, (_, i) => (i < time ? labels[ids.data[row * time + i]!]! : 'O'));
      return { tags: spansOf(tags, document!), ...(words ? { tokenTags: tags } : {}) };
    }
    case 'pairSimilarity':
      if (task.output === 'score') return { value: leaf('value').data[row]! };
      return withProbabilities({ label: labels[leaf('label').data[row]!]! }, labels, leaf('probabilities'), row);
    default:
      return withProbabilities({ label: labels[leaf('label').data[row]!]! }, labels, leaf('probabilities'), row);
  }
}

/** With the probabilities by label, made when they are first read: for hundreds of labels that takes as long as the model. */
function withProbabilities<Answer extends object>(answer: Answer, labels: readonly string[], probabilities: HostArray, row: number) {
  let made: { readonly [label: string]: number } | undefined;
  return Object.defineProperty(answer, 'probabilities', {
    enumerable: true,
    configurable: true,
    get: () => {
      made ??= named(labels, probabilities, row);
      return made;
    },
  }) as Answer & { readonly probabilities: { readonly [label: string]: number } };
}

/** An object of each list of labels, to be copied: that is several times as fast as to make one label by label. */
const templates = new WeakMap<readonly string[], { readonly [label: string]: number }>();

function named(labels: readonly string[], { data }: HostArray, row: number): { [label: string]: number } {
  const template = templates.get(labels) ?? Object.fromEntries(labels.map((label) => [label, 0]));
  templates.set(labels, template);
  const found: { [label: string]: number } = { ...template };
  let at = row * labels.length;
  for (const label of labels) found[label] = data[at++]!;
  return found;
}

function spansOf(tags: readonly string[], document: Document): TaggedSpan[] {
  return tagsToSpans(tags).map(({ start: first, end: after, label }) => {
    const start = document.starts[first]!;
    const end = document.ends[after - 1]!;
    return { start, end, label, text: document.text.slice(start, end) };
  });
}
