import { type MultiTaskModel, type MultiTaskParams, matcher, type Random, type TaskHead, TaskloomError } from '@taskloom/core';
import { initHead, multiTaskModel } from './multi-task-model';
import { assertKnown } from './suggest';
import type { Trunk } from './trunk';

export interface EditedModel {
  readonly model: MultiTaskModel & { readonly trunk: Trunk };
  readonly params: MultiTaskParams;
}

type Editable = MultiTaskModel & { readonly trunk: Trunk };

/**
 * The model with one more head, and its parameters. Nothing is copied or changed: all other tasks and the trunk keep the very same tensors, so their
 * outputs stay equal bit for bit. With the `random` that the model was initialised with, the new head is what it would have been from the start.
 * The caller owns the new head's tensors (`params.tasks[name]`). Throws `task_exists`;
 * `unsupported` for a trunk in stages that does not know the task.
 */
export function addTask(model: Editable, params: MultiTaskParams, name: string, head: TaskHead, random: Random): EditedModel {
  if (Object.hasOwn(model.heads, name))
    throw new TaskloomError('task_exists', `There is a task '${name}' already.`, {
      name,
      remedy: 'Remove it first, or choose another name.',
    });
  if (model.trunk.stages && !model.trunk.stages.tasks.includes(name))
    throw new TaskloomError('unsupported', `The trunk depends on the task, and does not know '${name}'.`, {
      name,
      expected: `one of ${model.trunk.stages.tasks.join(', ')}`,
      remedy: 'Build the model anew with that task as the last of its trunk, and keep what was learned: merge(model.init(random), params).',
    });
  const grown = multiTaskModel({ trunk: model.trunk, heads: { ...model.heads, [name]: head } });
  return { model: grown, params: { ...params, tasks: { ...params.tasks, [name]: initHead(head, name, random) } } };
}

/** The model without one head. The old parameters are untouched: the caller still owns, and may dispose, `params.tasks[name]`. Throws `unknown_task`. */
export function removeTask(model: Editable, params: MultiTaskParams, name: string): EditedModel {
  assertKnown('task', name, Object.keys(model.heads));
  const { [name]: _head, ...heads } = model.heads;
  const { [name]: _params, ...tasks } = params.tasks;
  return { model: multiTaskModel({ trunk: model.trunk, heads }), params: { ...params, tasks } };
}

/**
 * What stays trainable when the leaves matching any of `patterns` are frozen: a pattern for `wrt` of `valueAndGradients`.
 * `freeze('shared/**')` trains heads only; `freeze('tasks/topic/**', 'shared/embedding/**')` all but these.
 */
export function freeze(...patterns: readonly string[]): (path: string) => boolean {
  const frozen = matcher(patterns);
  return (path) => !frozen(path);
}
