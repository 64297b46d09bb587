import {
  type Context,
  type Encoding,
  type HeadInput,
  isLeaf,
  type MultiTaskInput,
  mapTree,
  type Params,
  type TaskInput,
  type Tree,
  type TrunkStages,
  take,
} from '@taskloom/core';
import { concat, fill, reshape, slice, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core';
import type { Trunk } from './trunk';

type TaskRows = MultiTaskInput['tasks'];

/**
 * What each task's head sees of its rows. A trunk encodes the N rows once and tasks take theirs. One with `stages` does so with what does not depend on the
 * task; the rest then runs once, over the rows of all the tasks given one after another, `context.tasks.ids` saying which task each is for.
 */
export function encodeTasks(
  trunk: Trunk,
  params: Params,
  inputs: Tree<Tensor>,
  tasks: TaskRows,
  context: Context,
): { readonly [task: string]: HeadInput } {
  if (trunk.stages) return encodeByStage(trunk.stages, params, inputs, tasks, context);
  const encoding = trunk.apply(params, inputs, context);
  return rowsByTask(encoding, tasks);
}

/** Each task's rows of an encoding. */
export function rowsByTask(encoding: Encoding, tasks: TaskRows): { readonly [task: string]: HeadInput } {
  return byTask(tasks, (index) => takeRows(encoding, index));
}

function encodeByStage(stages: TrunkStages, params: Params, inputs: Tree<Tensor>, tasks: TaskRows, context: Context) {
  const parts = Object.entries(tasks).flatMap(([task, { index, pair }]) =>
    (pair ? [index, pair] : [index]).map((rows) => ({ task, rows })),
  );
  if (parts.length === 0) return {};
  const ids = concat(parts.map(({ task, rows }) => fill([rows.shape[0]], stages.tasks.indexOf(task), 'int32') as Tensor1D));
  const rows = takeRows(stages.once(params, inputs, context), concat(parts.map((part) => part.rows)));
  const encoding = stages.perTask(params, rows, withTasks(context, { ids }));
  let next = 0;
  return byTask(tasks, ({ shape: [size] }) => {
    const start = next;
    next += size;
    return mapLeaves(encoding, (x) => slice(x, [start, ...new Array<number>(x.rank - 1).fill(0)], [size, ...x.shape.slice(1)]));
  });
}

/** An encoding for the rows of each task, and for those of their partners. */
function byTask(tasks: TaskRows, encodingOf: (index: Tensor1D) => Encoding): { readonly [task: string]: HeadInput } {
  return Object.fromEntries(
    Object.entries(tasks).map(([task, { index, pair }]) => [task, { ...encodingOf(index), ...(pair ? { pair: encodingOf(pair) } : {}) }]),
  );
}

/** The rows `index` int32 [m] of every leaf of a tree; differentiable on every backend. */
export function takeRows<T extends Tree<Tensor> | Encoding>(tree: T, index: Tensor1D): T {
  return mapLeaves(tree, (x) => reshape(take(reshape(x, [x.shape[0]!, -1]), index), [index.shape[0], ...x.shape.slice(1)]));
}

function mapLeaves<T extends Tree<Tensor> | Encoding>(tree: T, f: (x: Tensor) => Tensor): T {
  return (isLeaf(tree as Tree<Tensor>) ? f(tree as Tensor) : mapTree(tree as Tree<Tensor>, (leaf) => f(leaf))) as T;
}

/** The same context with tasks for its rows. */
function withTasks(context: Context, tasks: TaskInput): Context {
  return { ...context, tasks, child: (name) => withTasks(context.child(name), tasks) };
}
