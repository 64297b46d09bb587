import { type Module, random } from '@taskloom/core';
import { type Tensor, type Tensor1D, tensor, tensor1d } from '@tensorflow/tfjs-core';
import { moduleLaws } from '../../core/test/modules/laws';
import { add, concatenate, type Fusion, film, type TaskEmbeddingParams, taskEmbedding, taskToken, weighted } from '../src';

const normal = (shape: number[]) => (seed: number) => random('input').fold(seed).normal(shape);
const sizes = { width: 4, taskWidth: 3 };

const fusions: { readonly [name: string]: Fusion } = {
  concatenate: concatenate(sizes),
  'concatenate, projected': concatenate({ ...sizes, units: 4 }),
  add: add(sizes),
  weighted: weighted({ ...sizes, initial: 0.8 }),
  film: film(sizes),
};
for (const [name, module] of Object.entries(fusions)) {
  moduleLaws(name, { module, input: (seed) => ({ hidden: normal([5, 4])(seed), task: normal([5, 3])(seed + 9) }) });
  moduleLaws(`${name}, over time`, { module, input: (seed) => ({ hidden: normal([2, 3, 4])(seed), task: normal([2, 3])(seed + 9) }) });
}

const embedding = taskEmbedding({ tasks: ['topic', 'urgency', 'duplicate'], width: 4 });
moduleLaws('taskEmbedding', {
  module: embedding as Module<{ ids: Tensor1D }, Tensor>,
  input: (seed) => ({ ids: tensor1d([seed % 3, 0, (seed + 1) % 3, 2], 'int32') }),
});

// The laws give inputs, not tasks of the pass: the ids come in with the tokens.
type WithIds = { ids: Tensor; tokens: Tensor; paddingMask: Tensor };
moduleLaws('taskToken', {
  module: {
    ...taskToken(embedding),
    apply: (params, { ids, tokens, paddingMask }, context) =>
      taskToken({
        ...embedding,
        apply: (own, _, inside) => embedding.apply(own as TaskEmbeddingParams, { ids: ids as Tensor1D }, inside),
      }).apply(params, { tokens, mask: paddingMask }, context).tokens,
  } as Module<WithIds, Tensor>,
  input: (seed) => ({
    ids: tensor1d([seed % 3, 2], 'int32'),
    tokens: normal([2, 3, 4])(seed),
    paddingMask: tensor([1, 1, 1, 1, 0, 0], [2, 3]),
  }),
});
