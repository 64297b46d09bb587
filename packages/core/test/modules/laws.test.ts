import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import {
  bagOfEmbeddings,
  convolution1d,
  dense,
  dropout,
  embedding,
  layerNorm,
  type MinGruParams,
  minGru,
  multiHeadAttention,
  residual,
  rmsNorm,
  sequential,
  transformerBlock,
} from '../../src/modules';
import { random } from '../../src/random';
import { moduleLaws } from './laws';

const normal = (shape: number[]) => (seed: number) => random('input').fold(seed).normal(shape);
/** Ids −6…6, a third of them padding. */
const ids = (shape: number[]) => (seed: number) => {
  const count = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Int32Array.from({ length: count }, (_, i) => ((i * 7 + seed * 5) % 3 === 0 ? 0 : ((i * 11 + seed * 3) % 13) - 6)),
    shape,
    'int32',
  );
};
/** Two texts of four tokens, the second with padding. */
const masked = (seed: number) => ({
  tokens: normal([2, 4, 6])(seed),
  paddingMask: tensor(Float32Array.of(1, 1, 1, 1, 1, 1, 0, 0), [2, 4]),
});

moduleLaws('dense', { module: dense({ units: 3, inputs: 4 }), input: normal([5, 4]) });
moduleLaws('dense over time, gelu, no bias', {
  module: dense({ units: 3, inputs: 4, bias: false, activation: 'gelu' }),
  input: normal([2, 3, 4]),
});
moduleLaws('dense, tanh, one row', { module: dense({ units: 3, inputs: 4, activation: 'tanh' }), input: normal([4]) });
moduleLaws('embedding', { module: embedding({ size: 7, width: 3 }), input: ids([2, 5]) });
moduleLaws('layerNorm', { module: layerNorm({ width: 4 }), input: normal([2, 3, 4]), step: 5e-3 });
moduleLaws('rmsNorm', { module: rmsNorm({ width: 4 }), input: normal([2, 3, 4]), step: 5e-3 });
moduleLaws('dropout outside training', { module: dropout({ rate: 0.5 }), input: normal([3, 4]) });
moduleLaws('multiHeadAttention', { module: multiHeadAttention({ width: 6, heads: 2 }), input: masked });
moduleLaws('causal multiHeadAttention', { module: multiHeadAttention({ width: 6, heads: 3, causal: true }), input: masked });
moduleLaws('transformerBlock, pre', { module: transformerBlock({ width: 6, heads: 2, hidden: 5 }), input: masked, step: 5e-3 });
moduleLaws('transformerBlock, post, geluTanh', {
  module: transformerBlock({ width: 6, heads: 2, hidden: 5, norm: 'post', activation: 'geluTanh' }),
  input: masked,
  step: 5e-3,
});
for (const combiner of ['sum', 'mean', 'max'] as const) {
  moduleLaws(`bagOfEmbeddings, ${combiner}`, {
    module: bagOfEmbeddings({ size: 7, width: 3, combiner, bags: ['words', 'characters'] }),
    input: (seed) => ({ words: ids([3, 2])(seed), characters: ids([3, 4])(seed + 1) }) as Record<string, Tensor>,
    step: combiner === 'max' ? 2e-3 : undefined,
  });
}
moduleLaws('convolution1d', { module: convolution1d({ inputs: 3, filters: 2, width: 3 }), input: normal([2, 5, 3]) });
moduleLaws('causal convolution1d, tanh', {
  module: convolution1d({ inputs: 3, filters: 2, width: 2, padding: 'causal', activation: 'tanh' }),
  input: normal([2, 5, 3]),
});
const gru = minGru({ inputs: 6, units: 2, window: 3, length: 4 });
moduleLaws('minGru', {
  module: {
    ...gru,
    apply: (params: MinGruParams, { tokens, paddingMask }, context) => gru.apply(params, { tokens, mask: paddingMask }, context),
  },
  input: masked,
});
moduleLaws('sequential', {
  module: sequential([dense({ units: 3, inputs: 4, activation: 'tanh' }), residual(dense({ units: 3, inputs: 3, activation: 'gelu' }))]),
  input: normal([2, 4]),
});
