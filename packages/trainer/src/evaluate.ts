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
import { rowsOf } from './bootstrap';
import { modelInput, type TensorBatch } from './forward';
import { judgingPlan, labelsOf } from './groups';
import { type Judgeable, judged } from './judge';
import type { Dataset, EvaluateOptions, Evaluation, TaskOutputs } from './types';

/**
 * Loss and metrics of every task over a data set: batches of one size through the executor, no gradient. The loss is the mean over all labelled rows, each by its
 * weight; a task without a labelled row has rows 0, loss NaN and no metrics. The predictions of a group's tasks are put together before its metrics are computed.
 */
export async function evaluate({
  model,
  params,
  buffers,
  dataset,
  batchSize = 64,
  executor = eager(),
  metrics,
  groups,
  bootstrap,
  onOutputs,
}: EvaluateOptions): Promise<Evaluation> {
  const copy = <P extends Params>(tree: P) => mapParams(tree, (leaf) => leaf.clone());
  const evaluator = await evaluatorOf({
    model,
    executor,
    metrics,
    groups,
    state: { params: copy(params), buffers: buffers ? copy(buffers) : tidy(() => model.buffers?.() ?? {}) },
  });
  try {
    return await evaluator.evaluate(dataset, batchSize, { onOutputs, bootstrap });
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
  evaluate(dataset: Dataset, batchSize: number, options?: Pick<EvaluateOptions, 'onOutputs' | 'bootstrap'>): Promise<Evaluation>;
  dispose(): void;
}

/** A compiled evaluation that takes new parameters by `load`; `state` is taken over. */
export async function evaluatorOf({
  model,
  executor,
  metrics,
  groups,
  state,
}: {
  readonly model: MultiTaskModel;
  readonly executor: Executor;
  readonly metrics?: EvaluateOptions['metrics'];
  readonly groups?: EvaluateOptions['groups'];
  readonly state: EvaluatorState;
}): Promise<Evaluator> {
  const tasks = Object.keys(model.heads);
  const plan = judgingPlan(model.heads, { metrics, groups });
  const needed = Object.fromEntries(
    tasks.map((task) => [
      task,
      new Set(
        [...plan.tasks, ...plan.groups]
          .filter((each) => each.tasks.includes(task))
          .flatMap((each) => each.metrics.flatMap(([, metric]) => metric.needs)),
      ),
    ]),
  );

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
    async evaluate(dataset, batchSize, { onOutputs, bootstrap } = {}) {
      const sums = new Map(
        tasks.map((task) => [
          task,
          { rows: 0, weight: 0, loss: 0, sources: new Set<string>(), batches: [] as TaskOutputs['batches'][number][] },
        ]),
      );
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
          sum.sources.add(source);
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
      const collected: Record<string, Judgeable> = {};
      for (const [task, { batches, sources, ...sum }] of sums) {
        const { kind, config } = model.heads[task]!;
        const labels = labelsOf(config);
        const outputs: TaskOutputs = { kind, ...(labels ? { labels } : {}), batches };
        onOutputs?.(task, outputs);
        collected[task] = { ...sum, sources: [...sources], outputs };
      }
      return judged(plan, collected, bootstrap);
    },
  };
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
