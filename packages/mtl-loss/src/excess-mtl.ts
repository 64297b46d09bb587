import { checkNumbers, type JacobianMethod } from '@taskloom/core';
import { byPresence, softmaxOfPresent } from './present-tasks';
import { dot, filled, joined } from './vectors';

export interface ExcessMtlOptions {
  /** η of the weights' multiplicative update. Default 0.01. */
  readonly learningRate?: number;
  /** ε added to the sums of squares. Default 1e-7. */
  readonly epsilon?: number;
}

export interface ExcessMtlState {
  /** [tasks], of sum T. */
  readonly weights: Float64Array;
  /** [tasks], the first excess risk that is not 0; NaN until then. */
  readonly initial: Float64Array;
}

/**
 * ExcessMTL (Y. He et al. 2024, arXiv 2402.02009): weights follow the excess risk, how far a task is from the best it can reach, and so do not grow for a task whose
 * labels are noise. With sᵢ ← sᵢ + gᵢ² (by element) the excess risk is eᵢ = Σ gᵢ²/√(sᵢ + ε), as AdaGrad's approximation of the curvature has it; wᵢ ← wᵢ exp(η eᵢ/eᵢ(0)),
 * rescaled to sum T, and the update is Σ wᵢgᵢ with the new weights (1 in the first step).
 *
 * Cost F + T·B; carries T rows as long as the shared parameters. An absent task has weight 0 and keeps what it has; those present share the sum that they had. A task
 * with gradient 0 has no excess risk. The paper takes η = 1, LibMTL 0.01.
 */
export function excessMtl({ learningRate = 0.01, epsilon = 1e-7 }: ExcessMtlOptions = {}): JacobianMethod<ExcessMtlState> {
  checkNumbers({ learningRate }, 0);
  checkNumbers({ epsilon }, 1e-30);
  return {
    kind: 'jacobian-method',
    name: 'excess-mtl',
    needs: ['gramian', 'gradients'],
    memory: (tasks) => tasks,
    /** gᵢ / (sᵢ + gᵢ² + ε)^¼, whose squared norm is the excess risk. Rows are g and s. */
    derived: {
      count: (tasks) => tasks,
      apply(rows, on) {
        const [g, s] = on.split(rows, 2);
        return on.div(g!, on.sqrt(on.sqrt(on.add(on.add(s!, on.mul(g!, g!)), epsilon))));
      },
    },
    /** Σ wᵢgᵢ, and sᵢ + gᵢ² for the tasks present. Coefficients are w and presence; rows are g, s and what is derived of them. */
    columns: {
      coefficients: (tasks) => 2 * tasks,
      apply(rows, coefficients, on) {
        const [g, s] = on.split(rows, 3);
        const [weights, here] = on.split(coefficients, 2);
        return on.concat([on.weighted(weights!, g!), on.add(s!, on.mul(here!, on.mul(g!, g!)))]);
      },
    },
    init: ({ length }) => ({ weights: filled(length, 1), initial: filled(length) }),
    weigh(gramian, state, context) {
      const { present } = context;
      const tasks = present.length;
      const risks = byPresence(present, (i) => gramian[(2 * tasks + i) * (3 * tasks + 1)]!);
      const initial = state.initial.map((first, i) => first || risks[i]! || Number.NaN);
      // A task whose first risk this is has nothing to compare it with.
      const step = (i: number) => (state.initial[i]! > 0 ? (learningRate * risks[i]!) / initial[i]! : 0);
      // wᵢ exp(stepᵢ), rescaled to the sum that the tasks present had.
      const total = dot(state.weights, present);
      const weights = total > 0 ? softmaxOfPresent(context, (i) => Math.log(state.weights[i]!) + step(i), total) : filled(tasks, 0);
      const kept = byPresence(present, (i) => weights[i]!, state.weights);
      return { weights, coefficients: joined(weights, present), state: { weights: kept, initial } };
    },
  };
}
