import { type Tensor, zeros } from '@tensorflow/tfjs-core';
import { checkOptions, count, countOrCounts, jsonOf, texts } from '../config';
import type { Trunk } from '../trunk';
import { bagOfEmbeddings } from './bag-of-embeddings';
import { namedInput } from './inputs';

export interface LinearOptions {
  /** Rows of the table of weights; possibly a number for each bag. Ids run from 1 to size − 1; 0 is padding. */
  readonly size: number | { readonly [bag: string]: number };
  /** Scores: the classes of all tasks together. */
  readonly width: number;
  /** Names of the inputs. Default `['ids']`. */
  readonly bags?: readonly string[];
}

/**
 * The wide part of a model (Cheng et al. 2016, arXiv:1606.07792): a weight for each feature and class, so that pooled `[N, width]` are scores Σ_bags Σ_f ±W_f/√length, which heads
 * take as they are (`linear` of `classification`). The weights start at 0 and are fitted apart from the other parts, by a solver for linear models: in training it returns zeros and reads nothing.
 */
export function linear(options: LinearOptions): Trunk {
  checkOptions('linear', options, { size: countOrCounts, width: count }, { bags: texts });
  const { size, width, bags = ['ids'] } = options;
  const { apply } = bagOfEmbeddings({ size, width, bags, combiner: 'unit' });
  return {
    kind: 'linear',
    width,
    tokens: false,
    config: jsonOf('linear', options),
    init: () => ({
      embedding: Object.fromEntries(bags.map((bag) => [bag, { table: zeros([typeof size === 'number' ? size : size[bag]!, width]) }])),
    }),
    apply(params, inputs, context) {
      if (!context.training) return apply(params, inputs, context);
      const { shape } = namedInput(inputs, bags[0]!, 'linear');
      return { pooled: zeros([...shape.slice(0, -1), width]) as Tensor };
    },
  };
}
