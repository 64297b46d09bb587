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
import { ones, type Tensor, type Tensor1D, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
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
  readonly names: readonly string[];
  /** float32 [tasks] */
  readonly present: Tensor1D;
  /** Any question about tensors on the host: `compute` gets their values and the context, and returns arrays of the given lengths. */
  call(inputs: readonly Tensor[], lengths: readonly number[], losses: Tensor1D, compute: Compute<S>): Tensor1D[];
  /** What the method makes of rows at hand, whose losses are `losses`. */
  rows<P extends Params>(method: AnyMethod<S>, losses: Tensor1D, given: Omit<RowsToBalance<P>, 'tasks' | 'random'>): BalancedRows<P>;
  /** Weights, and a Jacobian method's coefficients, from a Gramian or none, or from the losses. */
  weigh(method: AnyMethod<S>, losses: Tensor1D, gramian: readonly Tensor2D[], lengths: readonly number[]): Tensor1D[];
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
  const { tasks: names } = balancingContext({ tasks });
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

  const weigh: Asked<S>['weigh'] = (method, losses, gramian, lengths) =>
    call(gramian, lengths, losses, ([products], before, context) => {
      const { weights, coefficients, state: next } = weighed(method, products, before, context);
      return { values: coefficients ? [weights, coefficients] : [weights], state: next };
    });
  const draws = options.random ?? random('balancing').fold(asked(options.context)?.step ?? 0);

  return {
    names,
    present,
    call,
    weigh,
    rows: (method, losses, given) =>
      balancedRows(
        method.kind === 'jacobian-method' ? method : undefined,
        { ...given, tasks: names.length, random: draws },
        (gramian, lengths) => weigh(method, losses, gramian, lengths),
      ),
    state: () => state as S,
  };
}

function asked<T>(value: T | (() => T) | undefined): T | undefined {
  return typeof value === 'function' ? (value as () => T)() : value;
}
