import { hostArray, hostRandom, type MultiTaskParams, type Params, random, run, valueAndGradients } from '@taskloom/core';
import { adam, applyUpdates } from '@taskloom/core/optimizers';
import { classification, multiTaskModel, transformer } from '@taskloom/shared-encoder';
import { add, ones, range, type Scalar, type Tensor, type Tensor1D, tidy } from '@tensorflow/tfjs-core';

/** The transformer of the tables: 4 layers, width 256, 1024 hidden units, 8 heads, 10,000 ids, 64 tokens, three tasks. */
export const classes = { topic: 20, product: 5, sentiment: 3 };
type Task = keyof typeof classes;
const tasks = Object.keys(classes) as Task[];
export const length = 64;

export function transformerModel(dropout = 0.1) {
  return multiTaskModel({
    trunk: transformer({ size: 10_000, width: 256, heads: 8, hidden: 1024, blocks: 4, length, dropout }),
    heads: Object.fromEntries(
      tasks.map((task) => [task, classification({ inputs: 256, labels: Array.from({ length: classes[task] }, (_, i) => `label ${i}`) })]),
    ),
  });
}

export interface TrainState {
  readonly [name: string]: Params;
  readonly params: MultiTaskParams;
  readonly optimizer: Params;
}

export type TrainInputs = {
  readonly ids: Tensor;
  readonly targets: { readonly [task: string]: Tensor };
  readonly key: Tensor;
  readonly step: Tensor;
  readonly learningRate: Tensor;
};

/** Forward through trunk and heads, losses, backward, Adam: one pure function. */
export function trainStep(rows: number, dropout?: number) {
  const model = transformerModel(dropout);
  const optimizer = adam();
  const step = (state: TrainState, { ids, targets, key, step, learningRate }: TrainInputs) => {
    const { value, gradients } = valueAndGradients(
      (params: MultiTaskParams & Params) => {
        const all = range(0, rows, 1, 'int32');
        const input = { inputs: { ids }, tasks: Object.fromEntries(tasks.map((task) => [task, { index: all }])) };
        const { output } = run(model, params, input, { training: true, random: random(key as Tensor1D) });
        const weight = ones([rows]) as Tensor1D;
        return tasks.map((task) => model.heads[task]!.loss(output[task]!, targets[task]!, weight)).reduce((a, b) => add(a, b)) as Scalar;
      },
      state.params as MultiTaskParams & Params,
    );
    const info = { step: step as Scalar, learningRate: learningRate as Scalar };
    const { updates, state: next } = optimizer.update(gradients, state.optimizer, state.params as never, info);
    return {
      state: { params: applyUpdates(state.params as never, updates) as MultiTaskParams, optimizer: next } as TrainState,
      outputs: { loss: value },
    };
  };
  const init = (): TrainState => {
    const params = model.init(random('bench'));
    return { params, optimizer: tidy(() => optimizer.init(params as never)) };
  };
  return { step, init };
}

/** Rows of random ids and targets; the same for every call with one number. */
export function trainBatch(rows: number, number: number) {
  const draw = hostRandom('batch').fold(number);
  const whole = (name: string, count: number, below: number) =>
    Int32Array.from(draw.fold(name).uniform(count), (u) => Math.floor(u * below));
  return {
    ids: hostArray(
      whole('ids', rows * length, 9_999).map((id) => id + 1),
      [rows, length],
    ),
    targets: Object.fromEntries(tasks.map((task) => [task, hostArray(whole(task, rows, classes[task]))])),
    key: hostArray(Int32Array.from(draw.key)),
    step: hostArray(Float32Array.of(number), []),
    learningRate: hostArray(Float32Array.of(1e-3), []),
  };
}
