import { type Params, type Random, TaskloomError, take } from '@taskloom/core';
import { mul, stack, type Tensor } from '@tensorflow/tfjs-core';
import { assertTasks, type TaskVectors, tasksOf } from './task-vectors';

export interface TaskEmbeddingOptions {
  readonly tasks: readonly string[];
  readonly width: number;
  /** Standard deviation of the normal start. Default 1/√width: vectors of expected squared length 1. */
  readonly standardDeviation?: number;
}

/** `{ [task]: [width] }`, one leaf a task: adding a task adds a key, and a checkpoint names its vectors. */
export type TaskEmbeddingParams = { readonly [task: string]: Tensor };

export interface TaskEmbedding extends TaskVectors {
  readonly options: TaskEmbeddingOptions;
  init(random: Random): TaskEmbeddingParams;
  apply(...given: Parameters<TaskVectors['apply']>): Tensor;
}

/**
 * A learned vector for each task: ids int32 `[rows]` → `[rows, width]`. Given `{ vectors }` instead it returns them, which is how a task without a vector of its
 * own (a mean of others, one being adapted) is used. A task's start depends on the random stream and its name only. Holds under a leading task axis.
 */
export function taskEmbedding(options: TaskEmbeddingOptions): TaskEmbedding {
  const { tasks, width, standardDeviation = 1 / Math.sqrt(width) } = options;
  assertTasks(tasks);
  return {
    tasks,
    width,
    options,
    config: { module: 'taskEmbedding', tasks, width, standardDeviation },
    init: (random) => Object.fromEntries(tasks.map((task) => [task, vectorFor(task, random, width, standardDeviation)])),
    apply(params, input, context) {
      const given = tasksOf(input ?? context.tasks, width);
      if ('vectors' in given) return given.vectors;
      return take(table(params, tasks), given.ids);
    },
  };
}

/** The vectors as one table `[tasks, width]`, in the order of the names. */
export function table(params: Params, tasks: readonly string[]): Tensor {
  const vectors = tasks.map((task) => {
    const vector = params[task] as Tensor | undefined;
    if (vector) return vector;
    throw new TaskloomError('params_missing', `The parameters hold no vector for task '${task}'.`, {
      name: task,
      remedy: 'Add it with addTask().',
    });
  });
  return stack(vectors, vectors[0]!.rank - 1);
}

/**
 * The embedding with one more task, and its parameters: all other vectors are the very same tensors, and ids of the other tasks stay. The new vector is what
 * `init(random)` would have given it; the caller owns it. Throws `task_exists`.
 */
export function addTask(
  embedding: TaskEmbedding,
  params: TaskEmbeddingParams,
  name: string,
  random: Random,
): { embedding: TaskEmbedding; params: TaskEmbeddingParams } {
  const grown = taskEmbedding({ ...embedding.options, tasks: [...embedding.tasks, name] });
  const { width, standardDeviation = 1 / Math.sqrt(width) } = embedding.options;
  return { embedding: grown, params: { ...params, [name]: vectorFor(name, random, width, standardDeviation) } };
}

/** The embedding without one task; ids after it move down by one. The old vector is still the caller's to dispose. Throws `unknown_task`. */
export function removeTask(
  embedding: TaskEmbedding,
  params: TaskEmbeddingParams,
  name: string,
): { embedding: TaskEmbedding; params: TaskEmbeddingParams } {
  if (!embedding.tasks.includes(name))
    throw new TaskloomError('unknown_task', `There is no task '${name}'.`, { name, expected: `one of ${embedding.tasks.join(', ')}` });
  const { [name]: _vector, ...kept } = params;
  return { embedding: taskEmbedding({ ...embedding.options, tasks: embedding.tasks.filter((task) => task !== name) }), params: kept };
}

function vectorFor(task: string, random: Random, width: number, standardDeviation: number): Tensor {
  const normal = random.fold(task).normal([width]);
  const vector = mul(normal, standardDeviation);
  normal.dispose();
  return vector;
}
