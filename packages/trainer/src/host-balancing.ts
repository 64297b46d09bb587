import { type Balancer, hostRandom, TaskloomError } from '@taskloom/core';

export interface BalancingState {
  /** The balancer's own. */
  readonly state: unknown;
  /** For the coming step. */
  readonly weights: Float64Array;
}

/** The part of balancing that lives on the host: its state, and the weights that the next step takes. */
export interface HostBalancing {
  /** [tasks], for the coming step; ones until a loss weighting says otherwise. */
  weights(): Float64Array;
  begin(moment: { readonly step: number; readonly epoch: number; readonly present: Float64Array }): void;
  /** Weights from the Gramian of the step that runs. */
  weigh(gramian: Float64Array, losses: Float64Array): Float64Array;
  /** Tells a loss weighting the losses of the step that ran. */
  endStep(losses: Float64Array): void;
  endEpoch(): void;
  /** Plain data, never changed afterwards. */
  state(): BalancingState;
  load(state: BalancingState): void;
}

/**
 * A loss weighting is asked after each step, with that step's losses, for the weights of the next one; step 0 has weights 1. A gradient balancer is
 * asked in the middle of a step. Random draws are functions of seed, step and name, so a resumed run repeats them.
 */
export function hostBalancing(balancer: Balancer | undefined, tasks: readonly string[], seed: number | string): HostBalancing {
  if (balancer?.kind === 'jacobian-method')
    throw new TaskloomError('unsupported', `'${balancer.name}' needs the rows of the Jacobian, which fit does not keep.`, {
      name: 'balancer',
      remedy: 'Take a scalarization, a loss weighting or a gradient balancer.',
    });
  const random = hostRandom(seed).fold('balancer');
  let state: unknown = balancer && balancer.kind !== 'scalarization' ? balancer.init(tasks) : null;
  let weights: Float64Array = new Float64Array(tasks.length).fill(1);
  let moment: { readonly step: number; readonly epoch: number; readonly present: Float64Array } = {
    step: 0,
    epoch: 0,
    present: new Float64Array(tasks.length).fill(1),
  };

  const context = (losses: Float64Array) => {
    const draws = random.fold(moment.step);
    return {
      ...moment,
      tasks,
      losses,
      uniform: (name: string, count: number) => Float64Array.from(draws.fold(name).uniform(count)),
      normal: (name: string, count: number) => Float64Array.from(draws.fold(name).normal(count)),
    };
  };
  const asked = (result: { weights: Float64Array; state: unknown }) => {
    if (result.weights.length !== tasks.length)
      throw new TaskloomError('shape_mismatch', `'${balancer!.name}' gave the wrong number of weights.`, {
        name: 'balancer',
        expected: tasks.length,
        got: result.weights.length,
      });
    state = result.state;
    return result.weights;
  };

  return {
    weights: () => weights,
    begin(next) {
      moment = next;
    },
    weigh(gramian, losses) {
      if (balancer?.kind !== 'gradient-balancer') throw new TaskloomError('unsupported', 'Only a gradient balancer weighs a Gramian.');
      return asked(balancer.weigh(gramian, state, context(losses)));
    },
    endStep(losses) {
      if (balancer?.kind === 'loss-weighting') weights = Float64Array.from(asked(balancer.weigh(losses, state, context(losses))));
    },
    endEpoch() {
      if (balancer?.kind === 'loss-weighting' && balancer.endEpoch) state = balancer.endEpoch(state);
    },
    state: () => ({ state, weights }),
    load(saved) {
      ({ state, weights } = saved);
    },
  };
}
