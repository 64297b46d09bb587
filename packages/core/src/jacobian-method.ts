import type { Balancing, BalancingContext, JacobianMethod, Stateful } from './balancing';
import { assertShape, TaskloomError } from './error';
import { combineHostRows, gramianOfHostRows, hostRowsOf, joinedRows } from './host-columns';

/** The task gradients of a batch, counted from 0, or the rows that the step before left. */
export type RowGroup = number | 'memory';

/** Σ cᵢ rowᵢ of all rows, the batches' and then the memory's. */
export interface RowCombination {
  readonly coefficients: Float64Array;
}

/** What a step may ask about its rows. */
export interface JacobianOracle {
  /** Inner products of the rows of `a` with those of `b`, row-major. Default of `b`: `a`. */
  gramian(a: RowGroup, b?: RowGroup): Float64Array;
  /** Σ wᵢ rowᵢ of the rows of `group` (default: of the first batch), or, with a weight for each row, of all batches one after another and then of the memory. */
  combine(weights: ArrayLike<number>, group?: RowGroup): RowCombination;
  /** The rows themselves, float64, which are the caller's to read and not to change; that of an absent task is zero. Default: those of the first batch. Needs `rows: true`. */
  rows(group?: RowGroup): readonly Float64Array[];
}

/** What a step leaves behind. A row is a combination of its rows or, with `rows: true`, any vector of their length. */
export interface JacobianStepResult<S> {
  readonly update: RowCombination | ArrayLike<number>;
  /** As many rows as `memory` says. */
  readonly memory?: readonly (RowCombination | ArrayLike<number>)[];
  /** How much each task counts, for logs. Default: the update's coefficients, or presence where it has none. */
  readonly weights?: Float64Array;
  readonly state: S;
}

/** A Jacobian method as one function. */
export interface JacobianStep<S> extends Balancing, Stateful<S> {
  /** Batches drawn independently of one another, whose gradients a step compares. Default 1. */
  readonly batches?: number;
  /** How many rows, as long as the parameters, a step leaves to the next; zero in the beginning. Default: none. */
  memory?(tasks: number): number;
  /** It works at a shared representation too. */
  readonly features?: true;
  /** The step reads or makes rows itself: each comes to the host and the update goes back, 8 bytes a number there. Without it only inner products come. */
  readonly rows?: true;
  step(oracle: JacobianOracle, state: S, context: BalancingContext): JacobianStepResult<S>;
}

/**
 * A Jacobian method from one function, which asks for inner products, combinations or rows and returns the update: for `balanceJacobian`, `multiTaskGradients` and the trainer, compiled or not.
 * Rows stay on the backend where it asks for inner products and combinations only. (They do too for a `JacobianMethod` with `columns`, which makes of each column what no combination is.)
 */
export function jacobianMethod<S>(step: JacobianStep<S> & { readonly features: true }): JacobianMethod<S> & { readonly features: true };
export function jacobianMethod<S>(step: JacobianStep<S>): JacobianMethod<S>;
export function jacobianMethod<S>({ rows: onHost, step, ...method }: JacobianStep<S>): JacobianMethod<S> {
  return {
    ...method,
    ...(onHost && { onHost }),
    kind: 'jacobian-method',
    weigh(values, before, context) {
      const { length: tasks } = context.present;
      const carried = method.memory?.(tasks) ?? 0;
      const { batches = 1, name } = method;
      const count = batches * tasks + carried;
      const rows = onHost ? hostRowsOf(values, count) : undefined;
      const { update, memory = [], weights, state } = step(oracleOf(method, values, rows, tasks, count), before, context);
      assertShape([memory.length], [carried], 'memory', `It is what '${name}' says that it leaves.`);
      const made = [update, ...memory].map((row) => {
        if (!isCombination(row)) return rows ? row : notGiven(name, 'makes rows of its own', 'Say so by rows: true, or combine(weights).');
        return rows ? combineHostRows(rows, row.coefficients) : row.coefficients;
      });
      for (const row of made) assertShape([row.length], [rows ? rows[0]!.length : count], 'update', 'It has an entry for each parameter.');
      return { weights: weights ?? weightsOf(update, batches, context.present), coefficients: joinedRows(made), state };
    },
  };
}

/** `values`: the Gramian of all `count` rows, or, where `rows` are there, what these are views of. */
function oracleOf(
  { name, batches = 1 }: Pick<JacobianStep<unknown>, 'name' | 'batches'>,
  values: Float64Array,
  rows: readonly Float64Array[] | undefined,
  tasks: number,
  count: number,
): JacobianOracle {
  let products: readonly Float64Array[] | undefined;
  const placesOf = (group: RowGroup): [start: number, end: number] => {
    if (group === 'memory') return [batches * tasks, count];
    if (Number.isInteger(group) && group >= 0 && group < batches) return [group * tasks, (group + 1) * tasks];
    throw new TaskloomError('bad_option', `'${name}' has no such batch.`, { name: 'batches', expected: `0 to ${batches - 1}`, got: group });
  };
  return {
    gramian(a, b = a) {
      products ??= hostRowsOf(rows ? gramianOfHostRows(rows) : values, count);
      if (products[0]?.length === 0) notGiven(name, 'asks for inner products', "Say so by needs: ['gramian'].");
      return joinedRows(products.slice(...placesOf(a)).map((row) => row.subarray(...placesOf(b))));
    },
    combine(weights, group = 0) {
      const [start, end] = weights.length === count ? [0, count] : placesOf(group);
      assertShape([weights.length], [end - start], 'weights', 'One for each row of a group, or of all.');
      const coefficients = new Float64Array(count);
      coefficients.set(weights, start);
      return { coefficients };
    },
    rows: (group = 0) => (rows ?? notGiven(name, 'asks for rows', 'Say so by rows: true.')).slice(...placesOf(group)),
  };
}

function isCombination(row: RowCombination | ArrayLike<number>): row is RowCombination {
  return 'coefficients' in row;
}

/** What a combination has of each task, in all batches together; of another row, whose tasks were there. */
function weightsOf(row: RowCombination | ArrayLike<number>, batches: number, present: Float64Array): Float64Array {
  if (!isCombination(row)) return present.slice();
  return present.map((_, i) =>
    Array.from({ length: batches }, (__, b) => row.coefficients[b * present.length + i]!).reduce((a, b) => a + b),
  );
}

function notGiven(method: string, what: string, remedy: string): never {
  throw new TaskloomError('not_given', `'${method}' ${what}, and does not say that it does.`, { name: method, remedy });
}
