import { checkNumbers, type GradientBalancer } from '@taskloom/core';
import { weighGramian } from './present-tasks';
import { taskOrders } from './task-orders';

export interface GradVacOptions {
  /** β: how fast the targets follow the cosines. Default 0.01, the paper's; LibMTL has 0.5. */
  readonly beta?: number;
  /** Added to the denominators, ‖g‖‖gⱼ‖ of a cosine and ‖gⱼ‖√(1−ρ²). Default 0; the published code has 1e-8, which leaves tiny gradients uncorrected. */
  readonly epsilon?: number;
  /** `permutations[i]`: the order in which row i meets the tasks (its own index is passed over). Default: drawn anew each step. */
  readonly permutations?: readonly (readonly number[])[];
}

/** ρ, row-major [tasks, tasks]: the cosine that row i has come to have with task j. */
export interface GradVacState {
  readonly targets: Float64Array;
}

/** The greatest target: a cosine of 1 is out of reach. */
const greatest = 0.99999999;
/** A squared norm of this share of its terms is zero. */
const rounding = 1e-14;

/**
 * Gradient vaccine (Z. Wang et al. 2020, arXiv 2010.05874): as in PCGrad each gᵢ meets the other tasks in random order, but where its cosine c with gⱼ is below a target
 * ρᵢⱼ, not only below 0, it gets as much of gⱼ as makes the cosine ρᵢⱼ: g ← g + gⱼ ‖g‖ (ρ√(1−c²) − c√(1−ρ²)) / (‖gⱼ‖√(1−ρ²)). Then ρᵢⱼ ← (1−β)ρᵢⱼ + βc. The update is
 * the sum of the rows. Targets start at 0: the first step is PCGrad's.
 *
 * Every g is a combination Σ cₖgₖ, so the Gramian is all that is needed. The published code keeps targets for the whole model or for each layer; for the latter,
 * `multiTaskGradients` takes `blocks`.
 *
 * Promises no conflict for two tasks only. Pairs with a zero gradient are passed over, and targets of absent tasks wait. Cost F + T·B, and O(T³).
 */
export function gradVac({ beta = 0.01, epsilon = 0, permutations }: GradVacOptions = {}): GradientBalancer<GradVacState> {
  checkNumbers({ beta }, 0, 1);
  checkNumbers({ epsilon }, 0);
  return {
    kind: 'gradient-balancer',
    name: 'grad-vac',
    needs: ['gramian'],
    init: (tasks) => ({ targets: new Float64Array(tasks.length ** 2) }),

    weigh(gramian, state, context) {
      const tasks = context.present.length;
      const targets = state.targets.slice();
      const weights = weighGramian(gramian, context, (products, present) => {
        const { count, indices } = present;
        const orders = taskOrders('grad-vac', permutations, present);
        const total = new Float64Array(count);
        for (let i = 0; i < count; i++) {
          const row = new Row(products, count, epsilon, i);
          for (const j of orders[i]!) {
            const at = indices[i]! * tasks + indices[j]!;
            const cosine = j === i ? undefined : row.cosine(j);
            if (cosine === undefined) continue;
            const target = Math.min(targets[at]!, greatest);
            if (cosine < target) row.raise(j, cosine, target);
            targets[at] = (1 - beta) * targets[at]! + beta * cosine;
          }
          for (let k = 0; k < count; k++) total[k]! += row.coefficients[k]!;
        }
        return total;
      });
      return { weights, state: { targets } };
    },
  };
}

/** g = Σ cₖgₖ, beginning as gᵢ, known by its coefficients and its products with every gradient. */
class Row {
  readonly coefficients: Float64Array;
  readonly #products: Float64Array;

  constructor(
    readonly gramian: Float64Array,
    readonly count: number,
    readonly epsilon: number,
    own: number,
  ) {
    this.coefficients = new Float64Array(count);
    this.coefficients[own] = 1;
    this.#products = gramian.slice(own * count, (own + 1) * count);
  }

  /** With gⱼ; nothing where one of the two is zero. */
  cosine(j: number): number | undefined {
    const norms = this.#norm() * this.#normOf(j);
    return norms > 0 ? Math.max(-1, Math.min(1, this.#products[j]! / (norms + this.epsilon))) : undefined;
  }

  /** Adds gⱼ until the cosine with it, so far `from`, is `to`. */
  raise(j: number, from: number, to: number): void {
    const rest = Math.sqrt(1 - to * to);
    const amount = (this.#norm() * (to * Math.sqrt(1 - from * from) - from * rest)) / (this.#normOf(j) * rest + this.epsilon);
    this.coefficients[j]! += amount;
    for (let k = 0; k < this.count; k++) this.#products[k]! += amount * this.gramian[j * this.count + k]!;
  }

  #norm(): number {
    let square = 0;
    let size = 0;
    for (let k = 0; k < this.count; k++) {
      const term = this.coefficients[k]! * this.#products[k]!;
      square += term;
      size += (this.coefficients[k]! * this.#normOf(k)) ** 2;
    }
    return square > rounding * size ? Math.sqrt(square) : 0;
  }

  #normOf(j: number): number {
    return Math.sqrt(Math.max(0, this.gramian[j * this.count + j]!));
  }
}
