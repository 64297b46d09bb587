import type { ColumnRule, JacobianMethod } from '@taskloom/core';
import { concat, greater, matMul, max, maximum, minimum, reshape, slice, type Tensor, where } from '@tensorflow/tfjs-core';
import { checkCount, checkOption } from './option';

export interface TrimmedMeanOptions {
  /** k: how many of the greatest entries of a column, and of the smallest, are left out. Default 1. */
  readonly trim?: number;
}

/**
 * The trimmed mean (D. Yin et al. 2018, arXiv 1803.01498): in each column the mean of what is left without the k greatest and the k smallest entries: what k tasks with wild
 * gradients cannot move far. Needs T > 2k; where fewer tasks are present it trims as many as leave one. Columns are sorted on the backend, in O(T²) passes over the rows.
 */
export function trimmedMean({ trim = 1 }: TrimmedMeanOptions = {}): JacobianMethod<null> {
  checkCount('trim', trim, 0);
  return {
    kind: 'jacobian-method',
    name: 'trimmed-mean',
    needs: ['gradients'],
    init(tasks) {
      checkOption(tasks.length === 0 || tasks.length > 2 * trim, 'trim', trim, `less than half of the ${tasks.length} tasks`);
      return null;
    },
    weigh(_, state, { present }) {
      const here = present.map((value) => (value > 0 ? 1 : 0));
      const count = here.reduce((a, b) => a + b, 0);
      const left = count - 2 * Math.min(trim, Math.max(0, Math.floor((count - 1) / 2)));
      const first = (count - left) / 2;
      const ranks = present.map((_, rank) => (rank >= first && rank < first + left ? 1 / left : 0));
      return { weights: here.map((one) => (count > 0 ? one / count : 0)), coefficients: Float64Array.from([...here, ...ranks]), state };
    },
    columns,
  };
}

/** Coefficients: 1 for a task that is present, else 0; then the weight of each rank, the smallest entry first. */
const columns: ColumnRule = {
  coefficients: (tasks) => 2 * tasks,
  host(rows, coefficients) {
    const present = rows.filter((_, i) => coefficients[i]! > 0);
    const weights = coefficients.subarray(rows.length);
    return [
      Float64Array.from(rows[0]!, (_, column) =>
        Float64Array.from(present, (row) => row[column]!)
          .sort()
          .reduce((sum, value, rank) => sum + weights[rank]! * value, 0),
      ),
    ];
  },
  tensors(rows, coefficients) {
    const [tasks, size] = rows.shape;
    // Entries of absent tasks come last, where no rank has weight.
    const present = reshape(slice(coefficients, [0], [tasks]), [tasks, 1]);
    const filled = where(greater(present, 0), rows, max(rows, 0, true));
    let entries: Tensor[] = Array.from({ length: tasks }, (_, i) => slice(filled, [i, 0], [1, size]));
    for (let round = 0; round < tasks; round++) {
      const sorted = [...entries];
      for (let i = round % 2; i + 1 < tasks; i += 2) {
        sorted[i] = minimum(entries[i]!, entries[i + 1]!);
        sorted[i + 1] = maximum(entries[i]!, entries[i + 1]!);
      }
      entries = sorted;
    }
    return matMul(reshape(slice(coefficients, [tasks], [tasks]), [1, tasks]), reshape(concat(entries, 0), [tasks, size]));
  },
};
