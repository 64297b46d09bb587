import { type Branch, type HostArray, TaskloomError } from '@taskloom/core';
import { type Document, documentOf, documentOfWords } from './document';
import type { EncodedText, Features } from './features';
import type { Labels } from './labels';
import { describePrediction, type Prediction } from './predictions';
import { isPairTask } from './source-plan';
import type { TaskConfig } from './task-schema';

/** What can be asked about: a text, a text in words, or a pair of texts. */
export type PredictInput =
  | string
  | { readonly text: string }
  | { readonly tokens: readonly string[]; readonly text?: string }
  | { readonly a: string; readonly b: string };

export interface PredictOptions {
  /** Only these tasks. Default: all that fit the input, tasks about pairs for pairs and the others for texts. */
  readonly tasks?: readonly string[];
  /** Inputs encoded at a time. Default 64. */
  readonly batchSize?: number;
}

/**
 * What the heads of some tasks predict, by task. The texts are those of the rows, and where the tasks are about pairs, then those of their partners.
 */
export type Compute = (
  tasks: readonly TaskConfig[],
  texts: readonly EncodedText[],
  pair: boolean,
) => Promise<{ readonly [task: string]: Branch<HostArray> }>;

export interface PredictorParts {
  readonly tasks: readonly TaskConfig[];
  readonly labels: Labels;
  readonly features: Features;
  readonly compute: Compute;
}

/** Answers in the order of the inputs. Throws `unknown_task`, `bad_input`. Leaves no tensor behind. */
export async function predict(parts: PredictorParts, inputs: readonly PredictInput[], options: PredictOptions = {}): Promise<Prediction[]> {
  const wanted = chooseTasks(parts.tasks, options.tasks);
  const read = inputs.map(readInput);
  const answers = new Array<Prediction>(inputs.length);
  for (const pair of [false, true]) {
    const tasks = wanted.filter((task) => isPairTask(task) === pair);
    const rows = read.flatMap((input, i) => ((input.documents.length === 2) === pair ? [i] : []));
    if (rows.length === 0) continue;
    if (tasks.length === 0) {
      const names = wanted.map((task) => task.name).join(', ');
      throw new TaskloomError(
        'bad_input',
        pair ? `No task here is about pairs (${names}).` : `The tasks asked for are about pairs (${names}); they need 'a' and 'b'.`,
        {
          name: `input ${rows[0]! + 1}`,
        },
      );
    }
    const batchSize = options.batchSize ?? 64;
    // A batch is padded to its longest text: those of like length go together. The longest first, in whose memory the others then have room.
    if (rows.length > batchSize) rows.sort((a, b) => lengthOf(read[b]!) - lengthOf(read[a]!));
    for (let start = 0; start < rows.length; start += batchSize) {
      const chosen = rows.slice(start, start + batchSize);
      const found = await predictBatch(
        parts,
        tasks,
        chosen.map((row) => read[row]!),
        pair,
      );
      chosen.forEach((row, i) => {
        answers[row] = found[i]!;
      });
    }
  }
  return answers;
}

/** The same over a stream, a batch at a time, in order. */
export async function* predictMany(
  parts: PredictorParts,
  inputs: Iterable<PredictInput> | AsyncIterable<PredictInput>,
  options: PredictOptions = {},
): AsyncGenerator<Prediction> {
  let batch: PredictInput[] = [];
  for await (const input of inputs) {
    batch.push(input);
    if (batch.length < (options.batchSize ?? 64)) continue;
    yield* await predict(parts, batch, options);
    batch = [];
  }
  if (batch.length > 0) yield* await predict(parts, batch, options);
}

async function predictBatch(
  { labels, features, compute }: PredictorParts,
  tasks: readonly TaskConfig[],
  read: readonly ReadInput[],
  pair: boolean,
): Promise<Prediction[]> {
  const texts: EncodedText[] = (pair ? [0, 1] : [0]).flatMap((column) => read.map(({ documents }) => features.encode(documents[column]!)));
  const host = await compute(tasks, texts, pair);
  return read.map(({ documents, words }, row) =>
    Object.fromEntries(
      tasks.map((task) => [task.name, describePrediction(task, labels[task.name] ?? [], host[task.name]!, row, documents[0], words)]),
    ),
  );
}

function lengthOf({ documents }: ReadInput): number {
  return documents.reduce((longest, { text }) => Math.max(longest, text.length), 0);
}

interface ReadInput {
  readonly documents: readonly Document[];
  readonly words: boolean;
}

function readInput(input: PredictInput, at: number): ReadInput {
  if (typeof input === 'string') return { documents: [documentOf(input)], words: false };
  if (typeof input === 'object' && input !== null) {
    if ('a' in input && typeof input.a === 'string' && typeof input.b === 'string')
      return { documents: [documentOf(input.a), documentOf(input.b)], words: false };
    if ('tokens' in input && Array.isArray(input.tokens) && input.tokens.every((token) => typeof token === 'string'))
      return { documents: [documentOfWords(input.tokens, typeof input.text === 'string' ? input.text : undefined)], words: true };
    if ('text' in input && typeof input.text === 'string') return { documents: [documentOf(input.text)], words: false };
  }
  throw new TaskloomError('bad_input', `Input ${at + 1} cannot be read.`, {
    name: `input ${at + 1}`,
    got: input,
    expected: 'a text, { text }, { tokens } or { a, b }',
  });
}

function chooseTasks(tasks: readonly TaskConfig[], names: readonly string[] | undefined): readonly TaskConfig[] {
  if (!names) return tasks;
  return names.map((name) => {
    const found = tasks.find((task) => task.name === name);
    if (!found) throw new TaskloomError('unknown_task', `There is no task '${name}'.`, { name, expected: tasks.map((task) => task.name) });
    return found;
  });
}
