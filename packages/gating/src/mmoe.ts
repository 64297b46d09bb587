import { type Context, type Json, type Module, type Params, TaskloomError } from '@taskloom/core';
import { cast, gather, mul, oneHot, reshape, stack, sum, type Tensor, type Tensor1D, transpose } from '@tensorflow/tfjs-core';
import { denseGates, weightedSum } from './dispatch';
import { type Experts, expertConfigs, expertNames, initExperts } from './experts';
import type { Routing } from './router';
import { softmaxRouter } from './routers/softmax-router';
import { observe } from './usage';

export interface MmoeOptions {
  /** Last axis of the input. */
  readonly inputs: number;
  /** Shared by all tasks. */
  readonly experts: Experts;
  readonly tasks: readonly string[];
  /** Whether gates have a bias. Default false, as published. */
  readonly bias?: boolean;
}

/** `apply` gives every task all rows; `compute` and `mix` do the same in two steps for rows that are for one task each. */
export interface Mmoe extends Module<Tensor, { readonly [task: string]: Tensor }> {
  readonly tasks: readonly string[];
  /** What the experts make of x: `[…, inputs]` → `[…, experts, width]`. */
  compute(params: Params, x: Tensor, context: Context): Tensor;
  /** x `[rows, …, inputs]` and its `outputs` `[rows, …, experts, width]` → `[rows, …, width]`, each row by the gate of its task: `context.tasks.ids`, positions in `tasks`. */
  mix(params: Params, x: Tensor, outputs: Tensor, context: Context): Tensor;
}

/**
 * Multi-gate mixture of experts: fₜ(x) = Σₑ softmax(x·Wₜ)ₑ·expertₑ(x), the experts computed once for all tasks, a gate of its own for each
 * (Ma et al. 2018, KDD, eq. 6–7). `[…, inputs]` → `{ [task]: […, width] }`; parameters `{ experts: { [name] }, gates: { [task] } }`, so adding a task adds a key.
 * Records usage under `gates/<task>`. Holds under a leading task axis where the experts do.
 */
export function mmoe({ inputs, experts, tasks, bias = false }: MmoeOptions): Mmoe {
  const names = expertNames(experts);
  const router = softmaxRouter({ inputs, experts: names.length, bias });
  const route = (params: Params, task: string, x: Tensor, context: Context, weight?: Tensor1D): Routing => {
    const gate = (params.gates as { readonly [task: string]: Params })[task];
    if (!gate) throw new TaskloomError('params_missing', `The parameters hold no gate for task '${task}'.`, { name: `gates/${task}` });
    const inside = context.child('gates').child(task);
    const routing = router.route(gate, x, inside);
    observe(routing, router, inside, undefined, weight);
    return routing;
  };
  const compute: Mmoe['compute'] = (params, x, context) => {
    const own = params.experts as { readonly [name: string]: Params };
    const computed = names.map((name) => experts[name]!.apply(own[name] ?? {}, x, context.child('experts').child(name)));
    return stack(computed, computed[0]!.rank - 1);
  };
  return {
    tasks,
    config: { module: 'mmoe', inputs, experts: expertConfigs(experts), tasks, bias } as Json,
    init: (random): Params => ({
      experts: initExperts(experts, random.fold('experts')),
      gates: Object.fromEntries(tasks.map((task) => [task, router.init(random.fold('gates').fold(task))])),
    }),
    apply(params, x, context) {
      const outputs = compute(params, x, context);
      const mixed = (task: string) => weightedSum(outputs, denseGates(route(params, task, x, context), names.length));
      return Object.fromEntries(tasks.map((task) => [task, mixed(task)]));
    },
    compute,
    mix(params, x, outputs, context) {
      // Row r takes gate Σₜ [task of r = t]·gateₜ: ids are data, and one trace serves every task.
      const own = transpose(cast(oneHot(idsOf(context), tasks.length), 'float32'));
      const gates = tasks.map((task, t) => {
        const rows = reshape(gather(own, [t]), [-1]) as Tensor1D;
        const gate = denseGates(route(params, task, x, context, rows), names.length);
        return mul(gate, reshape(rows, [-1, ...new Array<number>(gate.rank - 1).fill(1)]));
      });
      return weightedSum(outputs, sum(stack(gates), 0));
    },
  };
}

function idsOf({ tasks }: Context): Tensor1D {
  if (tasks && 'ids' in tasks) return tasks.ids;
  throw new TaskloomError('tasks_missing', 'The pass does not say which tasks its rows are for.', {
    name: 'tasks',
    remedy: 'Pass { tasks: { ids } } to run(): every task has a gate of its own.',
  });
}
