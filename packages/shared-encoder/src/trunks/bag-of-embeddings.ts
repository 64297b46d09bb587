import type { Branch } from '@taskloom/core';
import { type BagOfEmbeddingsParams, bagOfEmbeddings as bags, type DenseParams, dense, dropout } from '@taskloom/core/modules';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkOptions, count, countOrCounts, flag, jsonOf, rate as rateRule, texts } from '../config';
import type { Trunk } from '../trunk';
import { namedInput } from './inputs';

export interface BagOfEmbeddingsTrunkOptions {
  /** Rows of the table; with a table a bag, possibly a number for each. Ids run from 1 to size − 1; 0 is padding. */
  readonly size: number | { readonly [bag: string]: number };
  /** Width of the vectors. */
  readonly width: number;
  /** Names of the inputs. Default `['ids']`. */
  readonly bags?: readonly string[];
  /** One table for all bags. Default false. */
  readonly shared?: boolean;
  /** `unit`: each bag's sum over the root of its length. Default `mean`. */
  readonly combiner?: 'sum' | 'mean' | 'unit' | 'max';
  /** In training, each feature is left out with this probability. Default 0. */
  readonly featureDropout?: number;
  /** How training sums: a vector looked up for each feature, or weights as a matrix [N, size] times the table. Default `rows`. */
  readonly trainBy?: 'rows' | 'matrix';
  /** Units of one dense ReLU layer after it. Default: none, as in fastText. */
  readonly projection?: number;
  /** Rate of dropout on what it returns. Default 0. */
  readonly dropout?: number;
}

const optional = {
  bags: texts,
  shared: flag,
  combiner: ['sum', 'mean', 'unit', 'max'],
  featureDropout: rateRule,
  trainBy: ['rows', 'matrix'],
  projection: count,
  dropout: rateRule,
};

/**
 * Bags of features: `{ [bag]: int32 [N, L] }` → pooled `[N, projection ?? width]`: the mean of the embeddings of all features (fastText: Joulin et al. 2016,
 * arXiv:1607.01759), optionally a dense ReLU layer (a deep averaging network: Iyyer et al. 2015). The fastest trunk; it does not see the order of words.
 * Holds under a leading task axis.
 */
export function bagOfEmbeddings(options: BagOfEmbeddingsTrunkOptions): Trunk {
  checkOptions('bagOfEmbeddings', options, { size: countOrCounts, width: count }, optional);
  const { size, width, bags: names = ['ids'], shared = false, combiner = 'mean', projection, dropout: rate = 0 } = options;
  const { featureDropout, trainBy } = options;
  const embedding = bags({ size, width, bags: names, shared, combiner, featureDropout, trainBy });
  // A mean is over all bags together, and a feature is left out of a bag at random.
  const apart = combiner !== 'max' && (combiner !== 'mean' || names.length === 1) && !featureDropout;
  const pooled = apart ? combiner : undefined;
  const project = projection === undefined ? undefined : dense({ inputs: width, units: projection, activation: 'relu' });
  const drop = dropout({ rate });
  return {
    kind: 'bagOfEmbeddings',
    width: projection ?? width,
    tokens: false,
    config: jsonOf('bagOfEmbeddings', options),
    tables: shared
      ? { 'embedding/shared/table': { inputs: names, pooled } }
      : Object.fromEntries(names.map((name) => [`embedding/${name}/table`, { inputs: [name], pooled }])),
    init: (random) => ({
      embedding: embedding.init(random.fold('embedding')),
      ...(project ? { projection: project.init(random.fold('projection')) } : {}),
    }),
    apply(params, inputs, context) {
      for (const name of names) namedInput(inputs, name, 'bagOfEmbeddings');
      const bag = embedding.apply(params.embedding as BagOfEmbeddingsParams, inputs as Branch<Tensor>, context.child('embedding'));
      const hidden = project ? project.apply(params.projection as DenseParams, bag, context.child('projection')) : bag;
      return { pooled: drop.apply({}, hidden, context.child('dropout')) };
    },
  };
}
