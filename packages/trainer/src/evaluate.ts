import {
  type Branch,
  type Compiled,
  type Executor,
  eager,
  type HostArray,
  type MultiTaskModel,
  type MultiTaskParams,
  mapParams,
  mapTree,
  type Params,
  run,
  type Tree,
} from '@taskloom/core';
import { type Scalar, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { modelInput, type TensorBatch } from './forward';
import { metricOf } from './metrics/registry';
import type { Dataset, EvaluateOptions, Evaluation, TaskEvaluation, TaskOutputs } from './types';

/**
 * Loss and metrics of every task over a data set: batches of one size through the executor, no gradient. The loss is the mean over all labelled rows, each by its
 * weight; a task without a labelled row has rows 0, loss NaN and no metrics.
 */
export async function evaluate({
  model,
  params,
  buffers,
  dataset,
  batchSize = 64,
  executor = eager(),
  metrics,
  onOutputs,
}: EvaluateOptions): Promise<Evaluation> {
  const copy = <P extends Params>(tree: P) => mapParams(tree, (leaf) => leaf.clone());
  const evaluator = await evaluatorOf({
    model,
    executor,
    metrics,
    state: { params: copy(params), buffers: buffers ? copy(buffers) : tidy(() => model.buffers?.() ?? {}) },
  });
  try {
    return await evaluator.evaluate(dataset, batchSize, onOutputs);
  } finally {
    evaluator.dispose();
  }
}

export interface EvaluatorState {
  readonly [name: string]: Params;
  readonly params: MultiTaskParams;
  readonly buffers: Params;
}

type Forward = Compiled<EvaluatorState, Branch<Tensor>, EvaluatorOutputs>;
type EvaluatorOutputs = { readonly [task: string]: { readonly loss: Scalar; readonly predictions: { readonly [name: string]: Tensor } } };

export interface Evaluator {
  load: Forward['load'];
  evaluate(dataset: Dataset, batchSize: number, onOutputs?: EvaluateOptions['onOutputs']): Promise<Evaluation>;
  dispose(): void;
}

/** A compiled evaluation that takes new parameters by `load`; `state` is taken over. */
export async function evaluatorOf({
  model,
  executor,
  metrics,
  state,
}: {
  readonly model: MultiTaskModel;
  readonly executor: Executor;
  readonly metrics?: EvaluateOptions['metrics'];
  readonly state: EvaluatorState;
}): Promise<Evaluator> {
  const tasks = Object.keys(model.heads);
  const names = Object.fromEntries(tasks.map((task) => [task, metrics?.[task] ?? model.heads[task]!.metrics]));
  for (const task of tasks) for (const name of names[task]!) metricOf(name, task);
  const needed = Object.fromEntries(tasks.map((task) => [task, new Set(names[task]!.flatMap((name) => metricOf(name, task).needs))]));

  const compiled: Forward = await executor.compile(
    (state: EvaluatorState, inputs: Branch<Tensor>) => {
      const batch = inputs as unknown as TensorBatch;
      const { output } = run(model, state.params, modelInput(batch, tasks), { buffers: state.buffers });
      const outputs = tasks.map((task) => {
        const { target, weight } = batch.tasks[task]!;
        const predictions = model.heads[task]!.predict(output[task]!) as { [name: string]: Tensor };
        return [task, { loss: model.heads[task]!.loss(output[task]!, target, weight), predictions }] as const;
      });
      return { state, outputs: Object.fromEntries(outputs) as EvaluatorOutputs };
    },
    { state },
  );

  return {
    load: (next) => compiled.load(next),
    dispose: () => compiled.dispose(),
    async evaluate(dataset, batchSize, onOutputs) {
      const sums = new Map(tasks.map((task) => [task, { rows: 0, weight: 0, loss: 0, batches: [] as TaskOutputs['batches'][number][] }]));
      for (const { source, rows } of slices(dataset, batchSize)) {
        const { inputs, tasks: parts } = dataset.batch(source, rows, batchSize);
        const outputs = await compiled({ inputs, tasks: parts as unknown as Branch<HostArray> });
        for (const task of tasks) {
          const { target, weight } = parts[task]!;
          const labelled = indicesOf(weight.data);
          if (labelled.length === 0) continue;
          const sum = sums.get(task)!;
          const batchWeight = labelled.reduce((total, row) => total + weight.data[row]!, 0);
          sum.rows += labelled.length;
          sum.weight += batchWeight;
          sum.loss += batchWeight * outputs[task]!.loss.data[0]!;
          const predictions = onOutputs
            ? outputs[task]!.predictions
            : Object.fromEntries(Object.entries(outputs[task]!.predictions).filter(([name]) => needed[task]!.has(name)));
          sum.batches.push({
            predictions: mapTree(predictions as { [name: string]: HostArray }, (leaf) => rowsOf(leaf, labelled)) as {
              [name: string]: HostArray;
            },
            target: mapTree(target, (leaf) => rowsOf(leaf, labelled)) as Tree<HostArray>,
          });
        }
      }
      const results: Record<string, TaskEvaluation> = {};
      for (const task of tasks) {
        const { rows, weight, loss, batches } = sums.get(task)!;
        const outputs: TaskOutputs = { kind: model.heads[task]!.kind, ...labelsOf(model.heads[task]!.config), batches };
        onOutputs?.(task, outputs);
        const values = rows > 0 ? names[task]!.map((name) => [name, metricOf(name, task).compute(outputs)] as const) : [];
        results[task] = { rows, loss: rows > 0 ? loss / weight : Number.NaN, metrics: Object.fromEntries(values) };
      }
      return { tasks: results, mean: meanScore(results) };
    },
  };
}

/** Mean over the tasks with labelled rows of the first metric of each for which higher is better; NaN where there is none. */
function meanScore(tasks: Evaluation['tasks']): number {
  const scores = Object.entries(tasks).flatMap(([task, { metrics }]) => {
    const main = Object.keys(metrics).find((name) => metricOf(name, task).higherIsBetter);
    return main === undefined ? [] : [metrics[main]!];
  });
  return scores.length > 0 ? scores.reduce((a, b) => a + b, 0) / scores.length : Number.NaN;
}

function* slices(dataset: Dataset, batchSize: number) {
  for (const { name, size } of dataset.sources) {
    for (let start = 0; start < size; start += batchSize) {
      yield { source: name, rows: Int32Array.from({ length: Math.min(batchSize, size - start) }, (_, i) => start + i) };
    }
  }
}

function indicesOf(weights: ArrayLike<number>): number[] {
  const indices: number[] = [];
  for (let i = 0; i < weights.length; i++) if (weights[i]! > 0) indices.push(i);
  return indices;
}

function rowsOf(leaf: HostArray, rows: readonly number[]): HostArray {
  const size = leaf.shape.slice(1).reduce((a, b) => a * b, 1);
  const data = leaf.data.slice(0, rows.length * size);
  for (const [i, row] of rows.entries()) data.set(leaf.data.subarray(row * size, (row + 1) * size), i * size);
  return { ...leaf, shape: [rows.length, ...leaf.shape.slice(1)], data };
}

function labelsOf(config: unknown): { labels?: readonly string[] } {
  const labels = (config as { labels?: unknown } | null)?.labels;
  return Array.isArray(labels) ? { labels: labels as string[] } : {};
}
