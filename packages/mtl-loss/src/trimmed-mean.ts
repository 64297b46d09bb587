import { checkCounts, type JacobianMethod } from '@taskloom/core';
import { byPresence, placesOf } from './present-tasks';
import { joined } from './vectors';

export interface TrimmedMeanOptions {
  /** k: how many of the greatest entries of a column, and of the smallest, are left out. Default 1. */
  readonly trim?: number;
}

/**
 * The trimmed mean (D. Yin et al. 2018, arXiv 1803.01498): in each column the mean of what is left without the k greatest and the k smallest entries: what k tasks with wild
 * gradients cannot move far. Needs T > 2k; where fewer tasks are present it trims as many as leave one. Columns are sorted on the backend. Cost F + T·B, and O(T²) passes over
 * the rows.
 */
export function trimmedMean({ trim = 1 }: TrimmedMeanOptions = {}): JacobianMethod<null> {
  checkCounts({ trim }, 0);
  return {
    kind: 'jacobian-method',
    name: 'trimmed-mean',
    needs: ['gradients'],
    init(tasks) {
      if (tasks.length > 0) checkCounts({ trim }, 0, (tasks.length - 1) / 2);
      return null;
    },
    weigh(_, state, { present }) {
      const { length: count } = placesOf(present);
      const cut = Math.min(trim, Math.trunc((count - 1) / 2));
      const ranks = present.map((_, rank) => (rank >= cut && rank < count - cut ? 1 / (count - 2 * cut) : 0));
      return { weights: byPresence(present, () => 1 / count), coefficients: joined(present, ranks), state };
    },
    /** Coefficients: 1 for a task that is present, else 0; then the weight of each rank, the smallest entry first. */
    columns: {
      coefficients: (tasks) => 2 * tasks,
      apply(rows, coefficients, on) {
        const [present, ranks] = on.split(coefficients, 2);
        const tasks = on.count(rows);
        // Entries of absent tasks come last, where no rank has weight.
        const greatest = on.split(rows, tasks).reduce((a, b) => on.maximum(a, b));
        const entries = on.split(on.where(on.greater(present!, 0), rows, greatest), tasks);
        for (let end = tasks - 1; end > 0; end--)
          for (let i = 0; i < end; i++) {
            const [a, b] = [entries[i]!, entries[i + 1]!];
            entries[i] = on.minimum(a, b);
            entries[i + 1] = on.maximum(a, b);
          }
        return on.weighted(ranks!, on.concat(entries));
      },
    },
  };
}
