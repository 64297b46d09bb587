import type { JacobianMethod } from '@taskloom/core';

/** Weights for a Gramian [tasks, tasks] (row-major) and losses [tasks], on the host. */
export type WeighGramian = (gramian: Float64Array, losses: Float64Array) => Float64Array;

/** Weights and coefficients of a Jacobian method, from what it reads: the Gramian of all its rows, nothing, or the rows, with the Gramian of the task gradients beside them. */
export type WeighRows = (
  read: Float64Array,
  losses: Float64Array,
  own?: Float64Array,
) => { weights: Float64Array; coefficients: Float64Array };

/** Balancing that looks at task gradients: of the shared parameters, or at the representation that all heads read. */
export type RowBalancing = { readonly at?: 'parameters' | 'features' } & (
  | { readonly weighGramian: WeighGramian }
  | { readonly weighRows: WeighRows; readonly method: JacobianMethod }
);
