import { type ColumnRule, chosen, type JacobianMethod, TaskloomError, type TensorColumns } from '@taskloom/core';
import {
  abs,
  add,
  cast,
  div,
  greater,
  maximum,
  mul,
  reshape,
  sign,
  split,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  where,
} from '@tensorflow/tfjs-core';
import { taskValues } from './task-values';

export interface GradDropOptions {
  /** The share ℓᵢ of a task's entries that is never dropped, for all tasks or for each in their order. Default 0. */
  readonly leak?: number | readonly number[];
  /**
   * `parameters` (default): every entry of the shared gradient draws its sign. `representation`: the rows are gradients at a shared representation [batch, …, width], and each
   * of its `width` features draws one sign for the whole batch, of the gradient times the sign of the activation (the paper's form).
   */
  readonly level?: 'parameters' | 'representation';
}

type AtFeatures = GradDropOptions & { readonly level: 'representation' };

/**
 * GradDrop, gradient sign dropout (Z. Chen et al. 2020, arXiv 2010.06808): in each column P = ½(1 + Σgᵢ / Σ|gᵢ|), the purity of signs, is the chance that
 * only positive entries are kept; else only negative ones are. A kept entry counts 1, another ℓᵢ. The update is the sum of what is left. No combination of rows: entries of one
 * task go different ways. Draws one number a column. Promises neither descent nor the absence of conflict.
 * Cost F + T·B.
 */
export function gradDrop(options: AtFeatures): JacobianMethod<null> & { readonly features: true };
export function gradDrop(options?: GradDropOptions): JacobianMethod<null>;
export function gradDrop({ leak = 0, level = 'parameters' }: GradDropOptions = {}): JacobianMethod<null> {
  const columns = chosen('level', level, { parameters: atParameters, representation: atRepresentation });
  const leaks = typeof leak === 'number' ? [leak] : leak;
  const leakOf = taskValues('leak', leaks, 0, 1);
  return {
    kind: 'jacobian-method',
    name: 'grad-drop',
    needs: ['gradients'],
    ...(level === 'representation' ? { features: true as const } : {}),
    init: () => null,
    weigh(_, state, { present, tasks }) {
      const kept = Float64Array.from(present, (here, i) => (here > 0 ? leakOf(tasks[i]!, leaks === leak ? i : 0)! : 0));
      const weights = present.map((here) => (here > 0 ? 1 : 0));
      return { weights, coefficients: Float64Array.from([...kept, ...weights]), state };
    },
    columns,
  };
}

const coefficients = (tasks: number) => 2 * tasks;

const atParameters: ColumnRule = {
  coefficients,
  host(rows, given, { uniform }) {
    return [kept(rows, given, rows, (k) => k, uniform(rows[0]!.length))];
  },
  tensors(rows, given, { random }) {
    return keptOf(rows, given, rows, random.uniform([1, rows.shape[1]])) as never;
  },
};

const atRepresentation: ColumnRule = {
  coefficients,
  host(rows, given, { uniform, activations, width }) {
    if (!activations || !width) throw withoutRepresentation();
    const votes = rows.map((row) => {
      const sums = new Float64Array(width);
      for (const [k, value] of row.entries()) sums[k % width]! += value * Math.sign(activations[k]!);
      return sums;
    });
    return [kept(rows, given, votes, (k) => k % width, uniform(width))];
  },
  tensors(rows, given, { random, activations }: TensorColumns) {
    if (!activations) throw withoutRepresentation();
    const width = activations.shape.at(-1)!;
    const [tasks, size] = rows.shape;
    const byFeature = reshape(rows, [tasks, size / width, width]);
    const votes = sum(mul(byFeature, sign(reshape(activations, [1, size / width, width]))), 1, true);
    return reshape(keptOf(byFeature, given, votes, random.uniform([1, 1, width])), [1, size]);
  },
};

/** Σ rows, an entry of the sign that lost its column's draw only by its leak. `votes` decide, by the column that `columnOf` names. */
function kept(
  rows: readonly Float64Array[],
  coefficients: Float64Array,
  votes: readonly Float64Array[],
  columnOf: (k: number) => number,
  draws: Float64Array,
): Float64Array {
  const positive = draws.map((draw, column) => {
    let net = 0;
    let total = 0;
    for (const vote of votes) {
      net += vote[column]!;
      total += Math.abs(vote[column]!);
    }
    return total > 0 && (1 + net / total) / 2 > draw ? 1 : -1;
  });
  const update = new Float64Array(rows[0]!.length);
  for (const [i, row] of rows.entries()) {
    const vote = votes[i]!;
    for (let k = 0; k < row.length; k++) update[k]! += row[k]! * (vote[columnOf(k)]! * positive[columnOf(k)]! > 0 ? 1 : coefficients[i]!);
  }
  return update;
}

/** The same in tensors: rows [tasks, …], votes and draws that broadcast to them. */
function keptOf(rows: Tensor, coefficients: Tensor1D, votes: Tensor, draws: Tensor): Tensor {
  const [leaks, present] = split(reshape(coefficients, [-1, ...rows.shape.slice(1).map(() => 1)]), 2) as [Tensor, Tensor];
  const own = mul(votes, present);
  const total = sum(abs(own), 0, true);
  const purity = mul(0.5, add(1, div(sum(own, 0, true), maximum(total, 1e-38))));
  const winning = where(greater(purity, draws), own, mul(own, -1));
  const mask = cast(greater(winning, 0), 'float32');
  return sum(mul(mul(rows, present), add(leaks, mul(sub(1, leaks), mask))), 0, true);
}

function withoutRepresentation(): TaskloomError {
  return new TaskloomError('not_given', 'GradDrop at a representation needs its activations.', {
    name: 'representation',
    remedy: "Use multiTaskGradients({ at: 'features' }), or give balanceJacobian the representation.",
  });
}
