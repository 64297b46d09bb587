import type { GradientBalancer, LossWeighting } from '@taskloom/core';
import { balanceJacobian, balancingContext, fixed, mean, mgda, pcgrad } from '@taskloom/mtl-loss';
import { equations } from './aggregators-equations';
import type { Cases, Check, GoldenCase, Handler, Precision } from './golden';
import { cases as jacobianMethods } from './jacobian-methods';

export const precision: Precision = 'float64';

type Method = GradientBalancer<null> | LossWeighting<null>;

/** Weights (where they are unique) and update of one Jacobian, or of every Jacobian of a sequence; where the reference has none, that ours are finite. */
function balances(make: (given: GoldenCase) => Method): Handler {
  return (given) => {
    const method = make(given);
    const inputs = (given.steps ?? [given]) as {
      jacobian: number[][];
      losses?: number[];
      weights: number[] | null;
      update: number[] | null;
    }[];
    return inputs.flatMap(({ jacobian, losses, weights, update }, step) => {
      const got = balanceJacobian(jacobian, method, null, balancingContext({ tasks: jacobian.length, losses, step }));
      const scale = Math.max(...jacobian.flat().map(Math.abs));
      const at = given.steps ? ` of step ${step}` : '';
      const checks: Check[] = [{ name: `finite${at}`, holds: [...got.weights, ...got.update].every(Number.isFinite) }];
      if (given.undefined || given.fragile) return checks;
      if (update) checks.push({ name: `update${at}`, got: got.update, expected: update, scale });
      if (weights && given.weightsUnique !== false) checks.push({ name: `weights${at}`, got: got.weights, expected: weights, scale });
      return checks;
    });
  };
}

/** A published ‖gⱼ‖² + ε: ε on the Gramian's diagonal is the same, since a task not yet met has coefficient 0. */
function withEpsilon(method: GradientBalancer<null>, epsilon: number): GradientBalancer<null> {
  return {
    ...method,
    weigh(gramian, state, context) {
      const count = context.present.length;
      return method.weigh(
        gramian.map((product, at) => (at % (count + 1) === 0 ? product + epsilon : product)),
        state,
        context,
      );
    },
  };
}

const surgery = balances(({ variant, options, permutations }) => {
  const method = pcgrad({ reduction: variant === 'toy' || options.reduction === 'mean' ? 'mean' : 'sum', permutations });
  return options.eps === undefined ? method : withEpsilon(method, options.eps as number);
});

const minNorm = balances(({ variant, options }) =>
  variant.includes('frank-wolfe')
    ? mgda({ solver: 'frank-wolfe', epsilon: options.epsilon as number, iterations: options.maxIters as number })
    : mgda(),
);

export const cases: Cases = {
  ...jacobianMethods,
  mean: balances(mean),
  sum: balances(() => fixed()),
  ew: balances(() => fixed()),
  constant: balances((given) => fixed(given.options.weights as number[])),
  // The other variants are an approximate solver of their own, with clamped ends.
  mgda: (given) => (/^(exact|toy|torchjd-frank-wolfe)/.test(given.variant) ? minNorm(given) : undefined),
  pcgrad: surgery,
  ...equations,
};
