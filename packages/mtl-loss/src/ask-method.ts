import { type BalancingContext, balancingContext, type GradientBalancer, hostCall, type Random, random } from '@taskloom/core';
import { ones, type Tensor, type Tensor1D, tidy } from '@tensorflow/tfjs-core';
import { type LossBased, weighed } from './loss-based';

/** What both places of the Gramian have in common. */
export interface Asking<S> {
  readonly tasks?: readonly string[] | number;
  readonly present?: Tensor1D;
  readonly state?: S | (() => S);
  readonly context?: Partial<BalancingContext> | (() => Partial<BalancingContext>);
  readonly onState?: (state: S) => void;
  readonly random?: Random;
}

/** Asks a method in the middle of a step, through `hostCall`. */
export interface Asked<S> {
  readonly names: readonly string[];
  /** float32 [tasks] */
  readonly present: Tensor1D;
  readonly random: Random;
  /** Any question about tensors on the host: `compute` gets their values and the context, and returns arrays of the given lengths. */
  call(inputs: readonly Tensor[], lengths: readonly number[], losses: Tensor1D, compute: Compute<S>): Tensor1D[];
  /** Weights [tasks] from the Gramian [tasks, tasks], or from the losses. */
  weights(method: GradientBalancer<S> | LossBased<S>, gramian: Tensor, losses: Tensor1D): Tensor1D;
  /** After the last question. */
  state(): S;
}

type Compute<S> = (values: readonly Float64Array[], state: S, context: BalancingContext) => { values: readonly Float64Array[]; state: S };

export function asking<S>(
  options: Asking<S>,
  method: { init(tasks: readonly string[]): S; readonly name: string },
  countTasks: () => number,
): Asked<S> {
  const tasks = options.tasks ?? tidy(countTasks);
  const names = typeof tasks === 'number' ? balancingContext({ tasks }).tasks : tasks;
  const present = options.present ?? (ones([names.length]) as Tensor1D);
  let state: S | undefined;

  const call: Asked<S>['call'] = (inputs, lengths, losses, compute) =>
    hostCall(
      [losses, present, ...inputs],
      lengths.map((length) => [length]),
      ([lossValues, presence, ...values]) => {
        const given = { ...asked(options.context), losses: lossValues!, present: presence! };
        const context = { ...balancingContext({ tasks: names, ...given }), ...given };
        const result = compute(values, asked(options.state) ?? state ?? method.init(names), context);
        state = result.state;
        options.onState?.(result.state);
        return result.values;
      },
    ) as Tensor1D[];

  return {
    names,
    present,
    random: options.random ?? random('balancing').fold(asked(options.context)?.step ?? 0),
    call,
    weights: (balancer, gramian, losses) =>
      call([gramian], [names.length], losses, ([products], before, context) => {
        const { weights, state: next } = weighed(balancer, () => products!, before, context);
        return { values: [weights], state: next };
      })[0]!,
    state: () => state as S,
  };
}

function asked<T>(value: T | (() => T) | undefined): T | undefined {
  return typeof value === 'function' ? (value as () => T)() : value;
}
