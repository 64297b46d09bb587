import { checkNumbers, chosen } from '@taskloom/core';
import { add, exp, fill, mul, softplus, sum, type Tensor1D } from '@tensorflow/tfjs-core';
import { presentLosses } from './present-losses';
import { scalarization, type TotalLoss } from './total-loss';
import { initialized, trained } from './trained';

export type UncertaintyKind = 'regression' | 'classification';

export interface UncertaintyOptions {
  /** What each loss is: one kind for all (default `regression`), or by task; a task not named is `regression`. Kinds by task need `init` to be called before `total`. */
  readonly kinds?: UncertaintyKind | { readonly [task: string]: UncertaintyKind };
  /** Start of s = log σ². Default 0; some published code starts at −0.5. */
  readonly initial?: number;
  /** `kendall` (default), or `revised`, whose regulariser log(1 + σ²) stays positive (L. Liebel, M. Körner 2018, arXiv 1805.06334). */
  readonly form?: 'kendall' | 'revised';
}

/** `logVariances` float32 [tasks], in the order of the losses; trained with the model. */
export type UncertaintyParameters = { readonly logVariances: Tensor1D };

/**
 * Weighting by homoscedastic uncertainty (A. Kendall, Y. Gal, R. Cipolla 2018, arXiv 1705.07115), sᵢ = log σᵢ² learned per task:
 * regression ½ e^(−sᵢ) Lᵢ + ½ sᵢ (Lᵢ a squared error), classification e^(−sᵢ) Lᵢ + ½ sᵢ (Lᵢ a cross-entropy); `revised` has log(1 + e^(sᵢ)) for ½ sᵢ.
 * An absent task adds nothing, and its s gets no gradient. The total may be negative. Cost F + B.
 * `total` throws `not_initialized` before `init(tasks)`, `shape_mismatch` for another number of tasks.
 */
export function uncertainty({
  kinds = 'regression',
  initial = 0,
  form = 'kendall',
}: UncertaintyOptions = {}): TotalLoss<UncertaintyParameters> {
  const revised = chosen('form', form, { kendall: false, revised: true });
  checkNumbers({ initial });
  let factors: Float32Array | number | undefined;
  if (kinds && typeof kinds === 'object') for (const kind of Object.values(kinds)) factorOf(kind);
  else factors = factorOf(kinds);
  return scalarization(
    'uncertainty',
    (tasks): UncertaintyParameters => {
      if (typeof kinds === 'object') factors = Float32Array.from(tasks, (task) => factorOf(kinds[task] ?? 'regression'));
      return { logVariances: fill([tasks.length], initial) };
    },
    (losses, parameters, present) => {
      const logVariances = trained('uncertainty', losses, parameters, 'logVariances');
      const weighted = mul(mul(initialized('uncertainty', factors, 'kinds'), exp(mul(logVariances, -1))), presentLosses(losses, present));
      const regularizer = revised ? softplus(logVariances) : mul(logVariances, 0.5);
      return sum(add(weighted, mul(regularizer, present)));
    },
  );
}

const factorOf = (kind: UncertaintyKind) => chosen('kinds', kind, { regression: 0.5, classification: 1 });
