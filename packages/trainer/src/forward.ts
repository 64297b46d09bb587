import {
  flatten,
  type MultiTaskModel,
  type MultiTaskParams,
  type Params,
  type Random,
  run,
  type TaskRows,
  type Tree,
  unflatten,
} from '@taskloom/core';
import { add, type Scalar, scalar, stack, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core';

/** A batch as the compiled step gets it. */
export interface TensorBatch {
  readonly inputs: Tree<Tensor>;
  readonly tasks: { readonly [task: string]: TaskRows };
}

export interface Forward {
  /** float32 [tasks], in the order of `tasks`; 0 for a task without a labelled row. */
  readonly losses: Tensor1D;
  /** The sum of the losses that modules added by `context.loss` (router balance), or none. */
  readonly auxiliary: Scalar | undefined;
  /** The buffers that the pass has changed, by their place in the tree. */
  readonly changed: Params;
}

/** One training pass: the trunk over all rows, the heads and losses of `tasks`. */
export function forward(
  model: MultiTaskModel,
  params: MultiTaskParams,
  buffers: Params,
  batch: TensorBatch,
  random: Random,
  tasks: readonly string[],
): Forward {
  const { output, losses, buffers: after } = run(model, params, modelInput(batch, tasks), { training: true, random, buffers });
  const before = flatten(buffers);
  const auxiliary = Object.keys(losses)
    .sort()
    .map((path) => losses[path]!);
  return {
    losses: stack(
      tasks.map((task) => model.heads[task]!.loss(output[task]!, batch.tasks[task]!.target, batch.tasks[task]!.weight)),
    ) as Tensor1D,
    auxiliary: auxiliary.length > 0 ? (auxiliary.reduce((a, b) => add(a, b)) as Scalar) : undefined,
    changed: unflatten([...flatten(after)].filter(([path, leaf]) => before.get(path) !== leaf)),
  };
}

/** What the model reads of a batch. */
export function modelInput(batch: TensorBatch, tasks: readonly string[]) {
  return {
    inputs: batch.inputs,
    tasks: Object.fromEntries(
      tasks.map((task) => {
        const { index, pair } = batch.tasks[task]!;
        return [task, { index, ...(pair ? { pair } : {}) }];
      }),
    ),
  };
}

export const zero = (): Scalar => scalar(0);
