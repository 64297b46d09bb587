import { type Columns, checkNumbers, type JacobianMethod } from '@taskloom/core';
import { type ConfigOptions, config } from './config';
import { divided } from './matrix';
import { trackedGramian, trackedRows } from './tracked-rows';
import { filled, joined, plus } from './vectors';

export interface MConfigOptions extends ConfigOptions {
  /** Decay of each task's first moment. Default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment, which all tasks share. Default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the second moment. Default 1e-8. */
  readonly epsilon?: number;
}

export interface MConfigState {
  /** How often each task was seen. */
  readonly seen: Float64Array;
  /** Steps since all were. */
  readonly steps: number;
}

/**
 * M-ConFIG, ConFIG of momenta (Q. Liu, M. Chu, N. Thuerey 2024, arXiv 2408.11104): each task that is present moves its own first moment m̂ᵢ, and ĝ = ConFIG(m̂₁ … m̂_T) of all of them
 * is the direction, so that one task a step will do. The gradient that ĝ would come from as a first moment itself feeds one
 * second moment s; update ĝ/(√ŝ + ε), as Adam has it: take it with plain SGD. Zero until every task was seen. Carries T + 2 rows as long as the parameters.
 * Cost F + B for one task a step, F + T·B for all.
 */
export function mConfig({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, ...options }: MConfigOptions = {}): JacobianMethod<MConfigState> {
  checkNumbers({ beta1, beta2 }, 0, 0.999999);
  checkNumbers({ epsilon }, 0);
  const direction = config(options);
  return {
    kind: 'jacobian-method',
    name: 'm-config',
    needs: ['gramian', 'gradients'],
    memory: (tasks) => tasks + 2,
    init: ({ length }) => ({ seen: filled(length, 0), steps: 0 }),
    weigh(gramian, state, context) {
      const { present } = context;
      const tasks = present.length;
      const seen = plus(state.seen, present);
      // mᵢ as a combination of the row gᵢ and the row it was.
      const tracked = trackedRows(present, beta1, () => 1 - beta1);
      const ready = Math.min(tasks, ...seen) > 0;
      const steps = state.steps + Number(ready);
      const biases = seen.map((count) => 1 - beta1 ** Math.max(1, count));
      const moments = divided(trackedGramian(gramian, 2 * tasks + 2, tracked), biases);
      const all = { ...context, present: filled(tasks, 1) };
      const weights = ready ? direction.weigh(joined(...moments), null, all).weights : filled(tasks, 0);
      const bias = 1 - beta1 ** steps;
      const factors = weights.map((weight, i) => (bias * weight) / biases[i]!);
      const scale = bias ** 2 / (1 - beta2 ** Math.max(1, steps));
      // Nothing is divided by 0 before there is a second moment.
      const added = ready ? bias * epsilon : 1;
      const coefficients = joined(...tracked, factors, [scale, added]);
      return { weights, coefficients, state: { seen, steps } };
    },
    /**
     * Rows: gradients, first moments, the last m̃, s. Coefficients: of gradients and moments in the new moments, of these in m̃, which is ĝ(1 − β₁ᵗ), and of its
     * division. Until all tasks were seen those in m̃ are 0, and so are m̃ and s. The gradient that m̃ would come from is (m̃ − β₁m̃′)/(1 − β₁).
     */
    columns: {
      coefficients: (tasks) => 3 * tasks + 2,
      apply<M>(rows: M, coefficients: M, on: Columns<M>): M {
        const tasks = (on.count(rows) - 2) / 2;
        const [gradients, before, last, second] = on.split(rows, [tasks, tasks, 1, 1]) as [M, M, M, M];
        const [own, former, factors, scale, added] = on.split(coefficients, [tasks, tasks, tasks, 1, 1]) as [M, M, M, M, M];
        const moments = on.add(on.mul(own, gradients), on.mul(former, before));
        const first = on.weighted(factors, moments);
        const move = on.sub(first, on.mul(beta1, last));
        const squares = on.add(on.mul(beta2, second), on.mul((1 - beta2) / (1 - beta1) ** 2, on.mul(move, move)));
        return on.concat([on.div(first, on.add(on.sqrt(on.mul(scale, squares)), added)), moments, first, squares]);
      },
    },
  };
}
