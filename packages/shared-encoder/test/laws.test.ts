import { type Encoding, type Module, type Params, random, type TaskHead } from '@taskloom/core';
import { concat, expandDims, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { type Lawful, moduleLaws } from '../../core/test/modules/laws';
import {
  bagOfEmbeddings,
  classification,
  mlp,
  multiLabel,
  ordinal,
  pairSimilarity,
  pooling,
  poolingKinds,
  recurrent,
  regression,
  type Trunk,
  tagging,
  textCNN,
  transformer,
} from '../src';

const normal = (shape: number[]) => (seed: number) => random('input').fold(seed).normal(shape);
/** Ids −6 … 6; the last row is padding from its second step on. */
const ids = (shape: number[]) => (seed: number) => {
  const count = shape.reduce((a, b) => a * b, 1);
  const step = count / shape[0]! / shape[1]!;
  const values = Int32Array.from({ length: count }, (_, i) =>
    i >= count - (shape[1]! - 1) * step ? 0 : (((i * 11 + seed * 3) % 6) + 1) * (i % 5 ? 1 : -1),
  );
  return tensor(values, shape, 'int32');
};

/** The trunk's whole encoding as one tensor: pooled, then tokens. */
function whole(trunk: Trunk): Module<{ readonly [name: string]: Tensor }, Tensor> {
  return {
    ...trunk,
    apply(params, input, context) {
      const { pooled, tokens }: Encoding = trunk.apply(params, input, context);
      return tokens ? concat([expandDims(pooled, -2), tokens], tokens.rank - 2) : pooled;
    },
  };
}

const trunks: { readonly [name: string]: [Trunk, Lawful<{ readonly [name: string]: Tensor }>['input']] } = {
  'bagOfEmbeddings, projected': [
    bagOfEmbeddings({ size: 7, width: 3, bags: ['words', 'characters'], projection: 4 }),
    (seed) => ({ words: ids([3, 2])(seed), characters: ids([3, 4])(seed + 1) }),
  ],
  mlp: [mlp({ inputs: 4, units: [5, 3], activation: 'tanh' }), (seed) => ({ values: normal([3, 4])(seed) })],
  textCNN: [textCNN({ size: 7, width: 3, widths: [1, 2, 3], filters: 2 }), (seed) => ({ ids: ids([2, 4])(seed + 2) })],
  'textCNN of hashed features, attention, projected': [
    textCNN({ size: 7, width: 3, widths: [2], pooling: 'attention', projection: 2 }),
    (seed) => ({ ids: ids([2, 3, 2])(seed) }),
  ],
  'textCNN, embeddings pooled': [
    textCNN({ size: 7, width: 3, widths: [2], pool: 'embeddings', pooling: 'attention' }),
    (seed) => ({ ids: ids([2, 3])(seed) }),
  ],
  'recurrent of hashed features': [
    recurrent({ size: 7, width: 3, units: 2, window: 3, length: 4, pooling: 'mean' }),
    (seed) => ({ ids: ids([2, 4, 2])(seed + 2) }),
  ],
  'transformer, sinusoidal': [
    transformer({ size: 7, width: 4, heads: 2, hidden: 3, blocks: 1, positions: 'sinusoidal' }),
    (seed) => ({ ids: ids([2, 3])(seed) }),
  ],
  'transformer, learned positions, post, first': [
    transformer({ size: 7, width: 4, heads: 1, hidden: 3, blocks: 1, norm: 'post', length: 5, pooling: 'first' }),
    (seed) => ({ ids: ids([2, 3, 2])(seed) }),
  ],
};
for (const [name, [trunk, input]] of Object.entries(trunks)) moduleLaws(name, { module: whole(trunk), input, step: 3e-4 });

for (const kind of poolingKinds) {
  const pool = pooling(kind, { width: 3 });
  moduleLaws(`pooling, ${kind}`, {
    module: {
      ...pool,
      apply: (params: Params, { tokens, paddingMask }, context) => pool.apply(params, { tokens, mask: paddingMask! }, context),
    },
    input: (seed): { readonly [name: string]: Tensor } => ({
      tokens: normal([3, 4, 3])(seed),
      paddingMask: tensor([1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0], [3, 4]),
    }),
    step: 2e-3,
  });
}

/** A head's scores, of one row or of a pair. */
function scores(head: TaskHead): Module<{ readonly [name: string]: Tensor }, Tensor> {
  return {
    ...head,
    apply: (params, { pooled, partner, tokens }, context) =>
      head.apply(params, { pooled: pooled ?? tokens!, ...(tokens && { tokens }), ...(partner && { pair: { pooled: partner } }) }, context),
  };
}

const row = (seed: number) => ({ pooled: normal([3, 4])(seed) });
const pair = (seed: number) => ({ pooled: normal([3, 4])(seed), partner: normal([3, 4])(seed + 7) });
const labels = ['O', 'B-a', 'I-a'];
const heads: { readonly [name: string]: [TaskHead, (seed: number) => { readonly [name: string]: Tensor }] } = {
  classification: [classification({ inputs: 4, labels, hidden: 3 }), row],
  'classification of pairs': [classification({ inputs: 4, labels, pair: true }), pair],
  multiLabel: [multiLabel({ inputs: 4, labels }), row],
  regression: [regression({ inputs: 4 }), row],
  ordinal: [ordinal({ inputs: 4, labels, hidden: 2 }), row],
  tagging: [tagging({ inputs: 4, labels }), (seed) => ({ tokens: normal([2, 3, 4])(seed) })],
  'tagging, a chain': [tagging({ inputs: 4, labels, crf: true }), (seed) => ({ tokens: normal([2, 3, 4])(seed) })],
  pairSimilarity: [pairSimilarity({ inputs: 4 }), pair],
};
for (const [name, [head, input]] of Object.entries(heads)) moduleLaws(name, { module: scores(head), input, step: 3e-4 });
