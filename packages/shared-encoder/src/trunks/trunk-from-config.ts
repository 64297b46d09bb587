import { type Json, TaskloomError } from '@taskloom/core';
import { optionsOf } from '../config';
import { assertKnown } from '../suggest';
import type { Trunk } from '../trunk';
import { type BagOfEmbeddingsTrunkOptions, bagOfEmbeddings } from './bag-of-embeddings';
import { type MlpOptions, mlp } from './mlp';
import { type TextCNNOptions, textCNN } from './text-cnn';
import { type TransformerOptions, transformer } from './transformer';

/** A trunk as plain JSON. */
export type TrunkConfig =
  | ({ readonly kind: 'bagOfEmbeddings' } & BagOfEmbeddingsTrunkOptions)
  | ({ readonly kind: 'mlp' } & MlpOptions)
  | ({ readonly kind: 'textCNN' } & TextCNNOptions)
  | ({ readonly kind: 'transformer' } & Omit<TransformerOptions, 'prefix'>);

export const trunkKinds = ['bagOfEmbeddings', 'mlp', 'textCNN', 'transformer'] as const;

/** Builds a trunk from its config: `trunk(t.config)` is `t` again. Throws `unknown_trunk`; a `prefix` module is code and has to be given to `transformer()` itself. */
export function trunk(config: TrunkConfig | Json): Trunk {
  const { kind, options } = optionsOf(config);
  assertKnown('trunk', kind, trunkKinds);
  if ('prefix' in options)
    throw new TaskloomError('bad_option', 'A prefix cannot be built from a config.', {
      name: 'prefix',
      remedy: 'Call transformer({ …, prefix }).',
    });
  switch (kind as TrunkConfig['kind']) {
    case 'bagOfEmbeddings':
      return bagOfEmbeddings(options as BagOfEmbeddingsTrunkOptions);
    case 'mlp':
      return mlp(options as MlpOptions);
    case 'textCNN':
      return textCNN(options as TextCNNOptions);
    case 'transformer':
      return transformer(options as TransformerOptions);
  }
}
