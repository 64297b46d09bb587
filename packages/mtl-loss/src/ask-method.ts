import {
  type BalancedRows,
  type BalancingContext,
  balancedRows,
  balancingContext,
  hostCall,
  type Params,
  type Random,
  type RowsToBalance,
  random,
} from '@taskloom/core';
import { ones, type Tensor, type Tensor1D, tidy } from '@tensorflow/tfjs-core';
import { type AnyMethod, weighed } from './loss-based';

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
  readonly tasks: number;
  /** float32 [tasks] */
  readonly present: Tensor1D;
  /** What the method makes of rows at hand, whose losses are `losses`. */
  rows<P extends Params>(method: AnyMethod<S>, losses: Tensor1D, given: Omit<RowsToBalance<P>, 'tasks' | 'random'>): BalancedRows<P>;
  /** Weights, and a Jacobian method's coefficients, from a Gramian or none, or from the losses. */
  weigh(method: AnyMethod<S>, losses: Tensor1D, gramian: readonly Tensor[], lengths: readonly number[]): Tensor1D[];
  /** After the last question. */
  state(): S;
}

export function asking<S>(options: Asking<S>, countTasks: () => number): Asked<S> {
  const { tasks: names } = balancingContext({ tasks: options.tasks ?? tidy(countTasks) });
  const present = options.present ?? (ones([names.length]) as Tensor1D);
  let state: S | undefined;

  const weigh: Asked<S>['weigh'] = (method, losses, gramian, lengths) =>
    hostCall(
      [losses, present, ...gramian],
      lengths.map((length) => [length]),
      ([lossValues, presence, products]) => {
        const given = { ...asked(options.context), losses: lossValues!, present: presence! };
        const context = { ...balancingContext({ tasks: names, ...given }), ...given };
        const made = weighed(method, products, asked(options.state) ?? state ?? method.init(names), context);
        state = made.state;
        options.onState?.(state);
        return made.coefficients ? [made.weights, made.coefficients] : [made.weights];
      },
    ) as Tensor1D[];
  const draws = options.random ?? random('balancing').fold(asked(options.context)?.step ?? 0);

  return {
    tasks: names.length,
    present,
    weigh,
    rows: (method, losses, given) =>
      balancedRows(method, { ...given, tasks: names.length, random: draws }, (gramian, lengths) => weigh(method, losses, gramian, lengths)),
    state: () => state as S,
  };
}

function asked<T>(value: T | (() => T) | undefined): T | undefined {
  return typeof value === 'function' ? (value as () => T)() : value;
}
