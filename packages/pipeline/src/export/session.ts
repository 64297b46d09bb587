import { type Branch, disposeParams, type Executor, type HostArray, hostArray, type Tree } from '@taskloom/core';
import type { OnnxModel } from '@taskloom/onnx';
import { chainScores, decodeTags } from '@taskloom/shared-encoder';
import { type InputShape, paddedLength, padInputs } from '../features';
import type { Compute } from '../predictor';
import { isPairTask } from '../source-plan';
import type { TaskConfig } from '../task-schema';
import { pairsInput } from './graph';

/** What each head of an exported model predicts. */
const predicted: { readonly [kind in TaskConfig['head']]: readonly string[] } = {
  classification: ['label', 'probabilities'],
  multiLabel: ['probabilities', 'decisions'],
  regression: ['value'],
  ordinal: ['label', 'probabilities'],
  tagging: ['tags', 'probabilities'],
  pairSimilarity: ['label', 'probabilities'],
};

/** The names of what an exported model gives for a task. */
export function predictionsOf(task: TaskConfig): readonly string[] {
  if (isChain(task)) return chainScores;
  return task.head === 'pairSimilarity' && task.output === 'score' ? ['value'] : predicted[task.head];
}

/** Whether a file holds the scores of a task's tags, and the host finds the best of them. */
export function isChain(task: TaskConfig): boolean {
  return task.head === 'tagging' && task.crf;
}

type Predictions = { readonly [task: string]: { readonly [name: string]: HostArray } };

/** Asks an exported model about `inputs`, and for tasks about pairs about the rows that `pairs` [P, 2] names. */
async function ask(
  model: OnnxModel,
  all: readonly TaskConfig[],
  wanted: readonly TaskConfig[],
  inputs: Branch<HostArray>,
  pairs: HostArray | undefined,
): Promise<Predictions> {
  // The model takes pairs where it has a task about them; there may be none.
  const given: { [name: string]: HostArray } = all.some(isPairTask) ? { [pairsInput]: pairs ?? hostArray(new Int32Array(0), [0, 2]) } : {};
  const names = wanted.flatMap((task) => predictionsOf(task).map((name) => ({ task: task.name, name, path: `${task.name}/${name}` })));
  const arrays = await model.run(
    { ...(inputs as { readonly [name: string]: HostArray }), ...given },
    names.map(({ path }) => path),
  );
  const found: Record<string, Record<string, HostArray>> = {};
  for (const { task, name, path } of names) found[task] = { ...found[task], [name]: arrays[path]! };
  for (const task of wanted) if (isChain(task)) found[task.name] = { tags: decodeTags(found[task.name]!) };
  return found;
}

/** Predictions of an exported model. */
export function computeOn(model: OnnxModel, all: readonly TaskConfig[], shape: InputShape): Compute {
  return async (tasks, texts, pair) => {
    const time = paddedLength(texts.reduce((longest, text) => Math.max(longest, text.length), 1));
    const inputs = padInputs(shape, texts, texts.length, time);
    const first = Int32Array.from({ length: texts.length / 2 }, (_, i) => i);
    const partners = first.map((row) => row + first.length);
    return ask(model, all, tasks, inputs, pair ? zipped(hostArray(first), hostArray(partners)) : undefined);
  };
}

/** The evaluation's step on an exported model: it predicts, and knows no loss. */
export function judgingExecutor(model: OnnxModel, all: readonly TaskConfig[]): Executor {
  const step = async ({ inputs, tasks }: JudgedBatch) => {
    const couples = all.filter(isPairTask).map(({ name }) => tasks[name]!);
    // Tasks that the batch has no labels for are named by one row, which the others' pairs begin with.
    const most = couples.reduce<TaskRows | undefined>((a, b) => (a && a.index.data.length >= b.index.data.length ? a : b), undefined);
    const found = await ask(model, all, all, inputs, most && zipped(most.index, most.pair!));
    const outputs = all.map((task) => {
      const { index } = tasks[task.name]!;
      const rows = isPairTask(task) ? index.data.map((_, i) => i) : index.data;
      const predictions = Object.entries(found[task.name]!).map(([name, leaf]) => [name, takeRows(leaf, rows)]);
      return [task.name, { loss: hostArray(Float32Array.of(Number.NaN), []), predictions: Object.fromEntries(predictions) }];
    });
    return Object.fromEntries(outputs) as Tree<HostArray>;
  };
  const stateless = { readState: async () => ({}), load: async () => {}, dispose: () => {} };
  return {
    name: 'onnx',
    async compile(_, { state }) {
      disposeParams(state); // it was given, and the model has its own
      return Object.assign(step, stateless) as never;
    },
  };
}

interface TaskRows {
  readonly index: HostArray;
  readonly pair?: HostArray;
}

interface JudgedBatch {
  readonly inputs: Branch<HostArray>;
  readonly tasks: { readonly [task: string]: TaskRows };
}

function zipped(a: HostArray, b: HostArray): HostArray {
  const count = a.data.length;
  return hostArray(
    Int32Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? a.data[i / 2]! : b.data[(i - 1) / 2]!)),
    [count, 2],
  );
}

function takeRows({ shape, dtype, data }: HostArray, rows: ArrayLike<number>): HostArray {
  const width = shape.slice(1).reduce((a, b) => a * b, 1);
  const out = new (data.constructor as Float32ArrayConstructor)(rows.length * width);
  for (let i = 0; i < rows.length; i++) out.set(data.subarray(rows[i]! * width, (rows[i]! + 1) * width) as Float32Array, i * width);
  return { shape: [rows.length, ...shape.slice(1)], dtype, data: out };
}
