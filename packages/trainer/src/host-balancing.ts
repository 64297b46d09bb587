import { type Balancer, balancingContext, restoredState, TaskloomError } from '@taskloom/core';
import type { Tensor1D } from '@tensorflow/tfjs-core';
import { type Conflict, conflictOf } from './conflict';
import type { WeighGramian, WeighRows } from './row-balancing';
import type { Beforehand } from './summed-gradients';

/** A balancer's own state; plain data, never changed afterwards. */
export interface BalancingState {
  readonly state: unknown;
}

/** The part of balancing that lives on the host. */
export interface HostBalancing {
  /** Says which step is about to run, and which tasks have labels in it. */
  begin(moment: { readonly step: number; readonly epoch: number; readonly present: Float64Array }): void;
  weighLosses(losses: Float64Array, present: Float64Array): Float64Array;
  /** Where weights are known before the losses of their step, up to a function of these: both, and what takes the step's losses down once they are known. */
  readonly ahead?: Beforehand & { note(losses: Float64Array): void };
  weighGramian: WeighGramian;
  weighRows: WeighRows;
  /** Of the last Gramian seen, between the tasks present; nothing where none was. */
  conflict(): Conflict | undefined;
  /** Where the balancer wants to know what the step did: the losses before and after it, on the same rows. */
  readonly afterStep?: (losses: Float64Array, lossesAfter: Float64Array) => void;
  endEpoch(): void;
  state(): BalancingState;
  /** Goes on from what a checkpoint holds; throws `bad_state` where it does not fit the balancer. */
  load(saved: { readonly state?: unknown }): void;
}

/**
 * Asks loss weightings, gradient balancers and Jacobian methods in the middle of a step, carrying their state along. Random draws are functions of seed, step and name,
 * so a resumed run repeats them.
 */
export function hostBalancing(balancer: Balancer | undefined, tasks: readonly string[], seed: number | string): HostBalancing {
  let state: unknown = balancer && balancer.kind !== 'scalarization' ? balancer.init(tasks) : null;
  let last: Float64Array | undefined;
  let moment: Parameters<HostBalancing['begin']>[0] = { step: 0, epoch: 0, present: new Float64Array(tasks.length).fill(1) };

  const contextOf = (losses: Float64Array, present: Float64Array) => balancingContext({ ...moment, tasks, losses, present, seed });

  const asked = (
    weigh: 'loss-weighting' | 'gradient-balancer',
    values: Float64Array,
    losses: Float64Array,
    present: Float64Array,
  ): Float64Array => {
    if (balancer?.kind !== weigh) throw new TaskloomError('unsupported', `The balancer is no ${weigh}.`, { name: 'balancer' });
    const result = balancer.weigh(values, state, contextOf(losses, present));
    assertCount('weights', result.weights, tasks.length);
    state = result.state;
    return result.weights;
  };

  const assertCount = (what: string, values: Float64Array, count: number) => {
    if (values.length !== count)
      throw new TaskloomError('shape_mismatch', `'${balancer!.name}' gave the wrong number of ${what}.`, {
        name: 'balancer',
        expected: count,
        got: values.length,
      });
  };

  const beforehand = balancer?.kind === 'loss-weighting' ? balancer.beforehand : undefined;
  return {
    begin(next) {
      moment = next;
    },
    weighLosses: (losses, present) => asked('loss-weighting', losses, losses, present),
    weighGramian(gramian, losses) {
      last = gramian;
      return asked('gradient-balancer', gramian, losses, moment.present);
    },
    weighRows(read, losses, own) {
      if (balancer?.kind !== 'jacobian-method')
        throw new TaskloomError('unsupported', 'The balancer is no jacobian-method.', { name: 'balancer' });
      last = own ?? corner(read, tasks.length);
      const result = balancer.weigh(read, state, contextOf(losses, moment.present));
      assertCount('weights', result.weights, tasks.length);
      state = result.state;
      return result;
    },
    conflict: () => last && conflictOf(last, tasks, moment.present),
    ...(balancer?.kind === 'loss-weighting' && beforehand
      ? {
          ahead: {
            ...(beforehand === true ? {} : { ofLosses: (known: Tensor1D, own: Tensor1D) => beforehand(known, own, tasks) }),
            beforehand(present: Float64Array) {
              const unknown = new Float64Array(tasks.length).fill(Number.NaN);
              const { weights } = balancer.weigh(unknown, state, contextOf(unknown, present));
              assertCount('weights', weights, tasks.length);
              return weights;
            },
            note(losses: Float64Array) {
              state = balancer.weigh(losses, state, contextOf(losses, moment.present)).state;
            },
          },
        }
      : {}),
    ...(balancer?.kind === 'loss-weighting' && balancer.afterStep
      ? {
          afterStep: (losses: Float64Array, lossesAfter: Float64Array) => {
            state = balancer.afterStep!(lossesAfter, state, contextOf(losses, moment.present));
          },
        }
      : {}),
    endEpoch() {
      if (balancer?.kind === 'loss-weighting' && balancer.endEpoch) state = balancer.endEpoch(state);
    },
    state: () => ({ state }),
    load(saved) {
      state = restoredState<unknown>(balancer && balancer.kind !== 'scalarization' ? balancer : stateless, tasks, saved.state);
    },
  };
}

/** What has nothing of its own on the host. */
const stateless = { name: 'sum', init: () => null };

/** The corner of the task gradients in a Gramian of all rows; nothing of an empty one. */
function corner(gramian: Float64Array, tasks: number): Float64Array | undefined {
  const rows = Math.round(Math.sqrt(gramian.length));
  if (rows < tasks) return undefined;
  return Float64Array.from({ length: tasks * tasks }, (_, at) => gramian[Math.floor(at / tasks) * rows + (at % tasks)]!);
}
