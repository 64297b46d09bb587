import type { Context, HeadInput, Json, ModelParts, MultiTaskModel, MultiTaskParams, Params, Random, TaskHead } from '@taskloom/core';
import { TaskloomError } from '@taskloom/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { encodeTasks, rowsByTask } from './encode-tasks';
import { assertKnown } from './suggest';
import type { Trunk } from './trunk';

export interface MultiTaskOptions {
  readonly trunk: Trunk;
  readonly heads: { readonly [task: string]: TaskHead };
}

/**
 * One trunk and many heads as one pure function with parameters `{ shared, tasks: { [task] } }`, the θs and θ₁ … θ_T of L(θs, θ₁ … θ_T) = Σ λᵢ Lᵢ(θs, θᵢ)
 * (Caruana 1997; notation of Sener & Koltun 2018, arXiv:1810.04650).
 *
 * `apply` encodes the N rows of `inputs` once, whatever the number of tasks; each task named in `tasks` then gets the rows that its `index` int32 [m] names,
 * and for tasks about pairs the rows that `pair` names as well, and only those tasks are computed. A task's parameters depend on its name and the random
 * stream alone, so adding a task changes no other. Where the trunk has `stages`, what depends on the task is computed for the rows of each task.
 *
 * Throws `unknown_task` (with the nearest name) for a task without a head.
 */
export function multiTaskModel({ trunk, heads }: MultiTaskOptions): MultiTaskModel & { readonly trunk: Trunk } {
  const names = Object.keys(heads);
  for (const name of names) {
    if (name === '' || name.includes('/'))
      throw new TaskloomError('bad_name', `'${name}' cannot name a task.`, { name, remedy: "Names are not empty and hold no '/'." });
    if (trunk.stages) assertKnown('task', name, trunk.stages.tasks);
  }
  const applyHeads = (params: MultiTaskParams, encoded: { readonly [task: string]: HeadInput }, context: Context) =>
    Object.fromEntries(Object.keys(encoded).map((task) => [task, applyHead(heads[task]!, task, params, encoded[task]!, context)]));
  return {
    trunk,
    heads,
    ...(trunk.stages
      ? {}
      : {
          parts: {
            features: (params, inputs, context) => trunk.apply(params.shared, inputs, context.child('shared')),
            heads: (params, features, tasks, context) => applyHeads(params, rowsByTask(features, tasks), context),
          } satisfies ModelParts,
        }),
    config: { kind: 'multiTask', trunk: trunk.config, heads: Object.fromEntries(names.map((name) => [name, heads[name]!.config])) } as Json,
    init: (random) => ({
      shared: trunk.init(random.fold('shared')),
      tasks: Object.fromEntries(names.map((name) => [name, initHead(heads[name]!, name, random)])),
    }),
    ...buffersOf(trunk, heads),
    apply(params, { inputs, tasks }, context) {
      for (const task of Object.keys(tasks)) assertKnown('task', task, names);
      return applyHeads(params, encodeTasks(trunk, params.shared, inputs, tasks, context.child('shared')), context);
    },
  };
}

/** The first parameters of a task's head: they depend on the stream and the task's name only. */
export function initHead(head: TaskHead, task: string, random: Random): Params {
  return head.init(random.fold('tasks').fold(task));
}

function applyHead(head: TaskHead, task: string, params: MultiTaskParams, input: HeadInput, context: Context): Tensor {
  const own = params.tasks[task];
  if (own === undefined)
    throw new TaskloomError('params_missing', `The parameters hold nothing for task '${task}'.`, {
      name: `tasks/${task}`,
      remedy: 'Initialise the model again, or add the task with addTask().',
    });
  return head.apply(own, input, context.child('tasks').child(task));
}

function buffersOf(trunk: Trunk, heads: MultiTaskOptions['heads']): { buffers?: () => Params } {
  if (!trunk.buffers && Object.values(heads).every((head) => !head.buffers)) return {};
  return {
    buffers: () => ({
      ...(trunk.buffers ? { shared: trunk.buffers() } : {}),
      tasks: Object.fromEntries(Object.entries(heads).flatMap(([task, head]) => (head.buffers ? [[task, head.buffers()]] : []))),
    }),
  };
}
