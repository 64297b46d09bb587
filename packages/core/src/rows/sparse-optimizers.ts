import { fraction, nonNegative } from '../optimizers/options';
import { type Code, f32x4, type Variable } from './assembler';

/** `step` counts from 0, over all steps of the training. */
export interface RowStep {
  readonly step: number;
  readonly learningRate: number;
}

/** Four neighbouring elements of a row. */
export interface Lanes {
  readonly gradient: Code;
  /** What `factors` gave, four times each. */
  readonly factors: readonly Code[];
  /** The values, then the fields. */
  readonly places: readonly { readonly load: Code; store(value: Code): Code }[];
  readonly temporaries: readonly Variable[];
}

/** How a row of a table moves along its gradient, and what is kept of it. Rows that a step does not name stay, moments included. */
export interface SparseOptimizer {
  readonly name: string;
  /** Names of what is kept of each element, as in the state of the dense optimiser, with what it starts from. */
  readonly fields: { readonly [field: string]: number };
  /** How many numbers `factors` gives. */
  readonly factorCount: number;
  factors(step: RowStep): readonly number[];
  readonly temporaries: number;
  update(lanes: Lanes): Code;
}

const { add, sub, mul, div, sqrt } = f32x4;

/** x ← x − α g, exactly `sgd()` of the whole table. */
export function sparseSgd(): SparseOptimizer {
  return {
    name: 'sparseSgd',
    fields: {},
    factorCount: 1,
    factors: ({ learningRate }) => [learningRate],
    temporaries: 0,
    update: ({ gradient, factors: [rate], places: [x] }) => x!.store(sub(x!.load, mul(gradient, rate!))),
  };
}

export interface SparseAdagradOptions {
  /** Added to the root. Default 1e-10. */
  readonly epsilon?: number;
  /** What the sum of squares starts from. Default 0. */
  readonly initialAccumulator?: number;
}

/** s ← s + g², x ← x − α g / (√s + ε): `adagrad()` of the whole table. Duchi, Hazan & Singer 2011 (JMLR 12). */
export function sparseAdagrad({ epsilon = 1e-10, initialAccumulator = 0 }: SparseAdagradOptions = {}): SparseOptimizer {
  nonNegative('epsilon', epsilon);
  nonNegative('initialAccumulator', initialAccumulator);
  return {
    name: 'sparseAdagrad',
    fields: { sumOfSquares: initialAccumulator },
    factorCount: 2,
    factors: ({ learningRate }) => [learningRate, epsilon],
    temporaries: 1,
    update: ({ gradient, factors: [rate, least], places: [x, s], temporaries: [sum] }) => [
      ...sum!.set(add(s!.load, mul(gradient, gradient))),
      ...s!.store(sum!.get),
      ...x!.store(sub(x!.load, div(mul(gradient, rate!), add(sqrt(sum!.get), least!)))),
    ],
  };
}

export interface SparseAdamOptions {
  /** Decay of the mean. Default 0.9. */
  readonly beta1?: number;
  /** Decay of the mean square. Default 0.999. */
  readonly beta2?: number;
  /** Added to √v̂. Default 1e-8. */
  readonly epsilon?: number;
  /** λ of AdamW; a row decays in the steps that name it. Default 0. */
  readonly weightDecay?: number;
}

/**
 * Adam whose moments of a row move in the steps that name the row, corrected for bias by the number of all steps ("lazy Adam"; PyTorch's
 * SparseAdam). With every row in every step it is `adam()`, or `adamw()` with its decay. Kingma & Ba 2015, arXiv:1412.6980.
 */
export function sparseAdam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 }: SparseAdamOptions = {}): SparseOptimizer {
  fraction('beta1', beta1);
  fraction('beta2', beta2);
  nonNegative('epsilon', epsilon);
  nonNegative('weightDecay', weightDecay);
  const correction = (decay: number, t: number) => (decay === 0 ? 1 : -Math.expm1(t * Math.log(decay)));
  return {
    name: 'sparseAdam',
    fields: { mean: 0, variance: 0 },
    factorCount: 8,
    factors: ({ step, learningRate }) => [
      ...[beta1, 1 - beta1, beta2, 1 - beta2],
      learningRate / correction(beta1, step + 1),
      1 / Math.sqrt(correction(beta2, step + 1)),
      epsilon,
      1 - learningRate * weightDecay,
    ],
    temporaries: 2,
    // (1 − αλ) x − (α / (1 − β₁ᵗ)) m / (√v / √(1 − β₂ᵗ) + ε): one division an element.
    update: ({ gradient, factors: [b1, a1, b2, a2, rate, root, least, keep], places: [x, mean, variance], temporaries: [m, v] }) => [
      ...m!.set(add(mul(mean!.load, b1!), mul(gradient, a1!))),
      ...mean!.store(m!.get),
      ...v!.set(add(mul(variance!.load, b2!), mul(mul(gradient, gradient), a2!))),
      ...variance!.store(v!.get),
      ...x!.store(sub(mul(x!.load, keep!), div(mul(m!.get, rate!), add(mul(sqrt(v!.get), root!), least!)))),
    ],
  };
}
