import { type BalancingContext, type JacobianMethod, TaskloomError } from '@taskloom/core';
import type { BalancedJacobian, Representation } from './balance-jacobian';
import { combined, gramianOfRows } from './host-rows';

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
  const rows = method.derived ? [...given, ...method.derived.host(given)] : given;
  const gramian = method.needs.includes('gramian') ? gramianOfRows(rows) : new Float64Array();
  const { weights, coefficients, state: own } = method.weigh(gramian, state ? state.own : method.init(context.tasks), context);
  const [update, ...left] = method.columns
    ? method.columns.host(rows, coefficients, {
        uniform: (count) => context.uniform(method.name, count),
        ...(representation ? { activations: Float64Array.from(representation.flat()), width: representation[0]!.length } : {}),
      })
    : multiplied(rows, coefficients, 1 + memories, width);
  return { weights, update: update!, state: { own, memory: left } };
}

function multiplied(rows: readonly Float64Array[], coefficients: Float64Array, count: number, width: number): Float64Array[] {
  return Array.from({ length: count }, (_, i) => combined(rows, coefficients.subarray(i * rows.length, (i + 1) * rows.length), width));
}
