import { type BalancingContext, type HostRows, hostArithmetic, hostColumns, type JacobianMethod, TaskloomError } from '@taskloom/core';
import type { BalancedJacobian, Representation } from './balance-jacobian';
import { gramianOfRows } from './host-rows';

/** What a Jacobian method carries when its rows are on the host: its own state, and its memory. */
export interface JacobianState<S> {
  readonly own: S;
  readonly memory: readonly Float64Array[];
}

/** One step of a Jacobian method on rows at hand. */
export function balanceRows<S>(
  batches: readonly (readonly (readonly number[])[])[],
  method: JacobianMethod<S>,
  state: JacobianState<S> | undefined,
  context: BalancingContext,
  representation: Representation | undefined,
): BalancedJacobian<JacobianState<S>> {
  const wanted = method.batches ?? 1;
  if (batches.length !== wanted && batches.length !== 1)
    throw new TaskloomError('shape_mismatch', `'${method.name}' compares ${wanted} batches.`, {
      name: 'jacobian',
      expected: `1 or ${wanted} Jacobians`,
      got: batches.length,
    });
  const tasks = context.present.length;
  const width = batches[0]![0]!.length;
  const memories = method.memory?.(tasks) ?? 0;
  const memory = state?.memory ?? Array.from({ length: memories }, () => new Float64Array(width));
  if (memory.length !== memories || memory.some((row) => row.length !== width))
    throw new TaskloomError('shape_mismatch', `The state of '${method.name}' is about another Jacobian.`, {
      name: 'state.memory',
      expected: [memories, width],
      got: memory.map((row) => row.length),
    });
  const task = Array.from({ length: wanted }, (_, b) => batches[b] ?? batches[0]!).flatMap((rows) =>
    // Whatever the row of an absent task holds, it is none.
    rows.map((row, i) => (context.present[i]! > 0 ? Float64Array.from(row) : new Float64Array(width))),
  );
  const given = [...task, ...memory];
  const rows = method.derived ? [...given, ...method.derived.apply<HostRows>(given, hostArithmetic)] : given;
  const gramian = method.needs.includes('gramian') ? gramianOfRows(rows) : new Float64Array();
  const { weights, coefficients, state: own } = method.weigh(gramian, state ? state.own : method.init(context.tasks), context);
  const on = hostColumns((count) => context.uniform(method.name, count), representation);
  const column = Array.from(coefficients, (one) => [one]);
  const [update, ...left] = method.columns
    ? method.columns.apply<HostRows>(rows, column, on)
    : on.split(column, 1 + memories).flatMap((one) => on.weighted(one, rows));
  return { weights, update: update as Float64Array, state: { own, memory: left as Float64Array[] } };
}
