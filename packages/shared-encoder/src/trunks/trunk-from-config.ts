import { type Json, TaskloomError } from '@taskloom/core';
import { anything, build, checkOptions } from '../config';
import type { Trunk } from '../trunk';
import { type BagOfEmbeddingsTrunkOptions, bagOfEmbeddings } from './bag-of-embeddings';
import { joined } from './joined';
import { type LinearOptions, linear } from './linear';
import { type MlpOptions, mlp } from './mlp';
import { type RecurrentOptions, recurrent } from './recurrent';
import { type TextCNNOptions, textCNN } from './text-cnn';
import { type TransformerOptions, transformer } from './transformer';

/** A trunk as plain JSON. */
export type TrunkConfig =
  | ({ readonly kind: 'bagOfEmbeddings' } & BagOfEmbeddingsTrunkOptions)
  | ({ readonly kind: 'linear' } & LinearOptions)
  | ({ readonly kind: 'mlp' } & MlpOptions)
  | ({ readonly kind: 'recurrent' } & RecurrentOptions)
  | ({ readonly kind: 'textCNN' } & TextCNNOptions)
  | ({ readonly kind: 'transformer' } & Omit<TransformerOptions, 'prefix'>)
  | { readonly kind: 'joined'; readonly parts: { readonly [name: string]: TrunkConfig } };

const makers = { bagOfEmbeddings, linear, mlp, recurrent, textCNN, transformer: withoutPrefix, joined: ofParts };

export const trunkKinds = Object.keys(makers) as readonly TrunkConfig['kind'][];

/** Builds a trunk from its config: `trunk(t.config)` is `t` again. Throws `unknown_trunk`; a `prefix` module is code and has to be given to `transformer()` itself. */
export function trunk(config: TrunkConfig | Json): Trunk {
  return build<Trunk>('trunk', config, makers);
}

function withoutPrefix(options: TransformerOptions): Trunk {
  if ('prefix' in options)
    throw new TaskloomError('bad_option', 'A prefix cannot be built from a config.', {
      name: 'prefix',
      remedy: 'Call transformer({ …, prefix }).',
    });
  return transformer(options);
}

function ofParts({ parts, ...others }: { readonly parts: { readonly [name: string]: TrunkConfig } }): Trunk {
  checkOptions('joined', { parts, ...others }, { parts: anything }, {});
  return joined({ parts: Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, trunk(part)])) });
}
