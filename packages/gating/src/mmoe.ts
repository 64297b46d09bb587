import { type Json, type Module, type Params, TaskloomError } from '@taskloom/core';
import { stack, type Tensor } from '@tensorflow/tfjs-core';
import { denseGates, weightedSum } from './dispatch';
import { type Experts, expertConfigs, expertNames, initExperts } from './experts';
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

/**
 * Multi-gate mixture of experts: fₜ(x) = Σₑ softmax(x·Wₜ)ₑ·expertₑ(x), the experts computed once for all tasks, a gate of its own for each
 * (Ma et al. 2018, KDD, eq. 6–7). `[…, inputs]` → `{ [task]: […, width] }`; parameters `{ experts: { [name] }, gates: { [task] } }`, so adding a task adds a key.
 * Records usage under `gates/<task>`. Holds under a leading task axis where the experts do.
 */
export function mmoe({ inputs, experts, tasks, bias = false }: MmoeOptions): Module<Tensor, { readonly [task: string]: Tensor }> {
  const names = expertNames(experts);
  const router = softmaxRouter({ inputs, experts: names.length, bias });
  return {
    config: { module: 'mmoe', inputs, experts: expertConfigs(experts), tasks, bias } as Json,
    init: (random): Params => ({
      experts: initExperts(experts, random.fold('experts')),
      gates: Object.fromEntries(tasks.map((task) => [task, router.init(random.fold('gates').fold(task))])),
    }),
    apply(params, x, context) {
      const own = params.experts as { readonly [name: string]: Params };
      const computed = names.map((name) => experts[name]!.apply(own[name] ?? {}, x, context.child('experts').child(name)));
      const outputs = stack(computed, computed[0]!.rank - 1);
      return Object.fromEntries(
        tasks.map((task) => {
          const gate = (params.gates as { readonly [task: string]: Params })[task];
          if (!gate)
            throw new TaskloomError('params_missing', `The parameters hold no gate for task '${task}'.`, { name: `gates/${task}` });
          const inside = context.child('gates').child(task);
          const routing = router.route(gate, x, inside);
          observe(routing, router, inside);
          return [task, weightedSum(outputs, denseGates(routing, names.length))];
        }),
      );
    },
  };
}
