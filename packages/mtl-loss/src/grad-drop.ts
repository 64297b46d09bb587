import { chosen, type JacobianMethod, TaskloomError } from '@taskloom/core';
import { weighPresent } from './present-tasks';
import { taskValues } from './task-values';
import { joined } from './vectors';

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
  const traits = chosen<typeof level, { readonly features?: true }>('level', level, { parameters: {}, representation: { features: true } });
  const leaks = typeof leak === 'number' ? [leak] : leak;
  const leaksOf = taskValues('leak', leaks, 0, 1);
  return {
    kind: 'jacobian-method',
    name: 'grad-drop',
    needs: ['gradients'],
    ...traits,
    init: () => null,
    weigh(_, state, context) {
      const kept = weighPresent(context, (own, places) => leaksOf(own, 0, leaks === leak ? places : places.map(() => 0)));
      const { present } = context;
      return { weights: present.slice(), coefficients: joined(kept, present), state };
    },
    /** Coefficients are the leaks (0 for an absent task) and presence. */
    columns: {
      coefficients: (tasks) => 2 * tasks,
      apply(rows, coefficients, on) {
        const [leaks, present] = on.split(coefficients, 2);
        const at = traits.features && on.representation;
        if (traits.features && !at)
          throw new TaskloomError('not_given', 'GradDrop needs the representation.', {
            name: 'representation',
            remedy: "Use at: 'features', or give it to balanceJacobian.",
          });
        const votes = at ? at.fold(on.mul(rows, on.sign(at.values))) : rows;
        const total = on.weighted(present!, on.abs(votes));
        // P is above the draw u, without a division: Σgᵢ > (2u − 1) Σ|gᵢ|.
        const bar = on.mul(total, on.sub(on.mul(2, on.uniform(total)), 1));
        const winning = on.where(on.greater(on.weighted(present!, votes), bar), votes, on.mul(votes, -1));
        const factors = on.where(on.greater(winning, 0), 1, leaks!);
        return on.weighted(present!, on.mul(rows, at ? at.spread(factors) : factors));
      },
    },
  };
}
