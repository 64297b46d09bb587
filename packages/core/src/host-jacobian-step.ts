import type { BalancingContext, JacobianMethod } from './balancing';
import { assertShape } from './error';
import { gramianOfHostRows, type HostRows, hostArithmetic, hostColumns, hostRowsOf, joinedRows } from './host-columns';

/** What a Jacobian method carries when its rows are on the host: its own state, and its memory. */
export interface JacobianState<S> {
  readonly own: S;
  readonly memory: readonly Float64Array[];
}

/** One step of a Jacobian method on rows at hand, [tasks, parameters] of each batch or of one for all. `representation` [batch, width]: what rows are gradients of. */
export function hostJacobianStep<S>(
  batches: readonly HostRows[],
  method: JacobianMethod<S>,
  state: JacobianState<S> | undefined,
  context: BalancingContext,
  representation: HostRows | undefined,
): { readonly weights: Float64Array; readonly update: Float64Array; readonly state: JacobianState<S> } {
  const wanted = method.batches ?? 1;
  if (batches.length > 1) assertShape([batches.length], [wanted], 'jacobian', `'${method.name}' compares so many batches.`);
  const { present, tasks } = context;
  const width = batches[0]![0]!.length;
  const empty = Array.from({ length: method.memory?.(present.length) ?? 0 }, () => new Float64Array(width));
  const memory = state?.memory ?? empty;
  assertShape(
    memory.map((row) => row.length),
    empty.map((row) => row.length),
    'state.memory',
    `It is what '${method.name}' left of a Jacobian of this size.`,
  );
  const task = Array.from({ length: wanted }, (_, b) => batches[b] ?? batches[0]!).flatMap((rows) =>
    // Whatever the row of an absent task holds, it is none.
    rows.map((row, i) => (present[i]! > 0 ? Float64Array.from(row) : new Float64Array(width))),
  );
  const given = [...task, ...memory];
  const rows = method.derived ? [...given, ...method.derived.apply<HostRows>(given, hostArithmetic)] : given;
  const read = method.onHost ? joinedRows(rows) : method.needs.includes('gramian') ? gramianOfHostRows(rows) : new Float64Array();
  const { weights, coefficients, state: own } = method.weigh(read, state ? state.own : method.init(tasks), context);
  const made = (): HostRows => {
    if (method.onHost) return hostRowsOf(coefficients, 1 + empty.length);
    const on = hostColumns((count) => context.uniform(method.name, count), representation);
    const column = Array.from(coefficients, (one) => [one]);
    if (method.columns) return method.columns.apply<HostRows>(rows, column, on);
    return on.split(column, 1 + empty.length).flatMap((one) => on.weighted(one, rows));
  };
  const [update, ...left] = made();
  return { weights, update: update as Float64Array, state: { own, memory: left as Float64Array[] } };
}
