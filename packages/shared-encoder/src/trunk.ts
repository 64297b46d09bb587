import type { Encoding, Module, TableReads, Tree, TrunkStages } from '@taskloom/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** The shared part of a model, θs: inputs of N rows → `Encoding { pooled [N, width], tokens? [N, T, width], mask? [N, T] }`. */
export interface Trunk extends Module<Tree<Tensor>, Encoding> {
  /** `bagOfEmbeddings`, `linear`, `mlp`, `recurrent`, `textCNN`, `transformer`, or a name of yours. */
  readonly kind: string;
  /** Last axis of `pooled`, and of `tokens`. */
  readonly width: number;
  /** Whether it returns `tokens`, as tagging needs. */
  readonly tokens: boolean;
  /** Its tables of embeddings, of which a step may see only the rows that a batch names. */
  readonly tables?: TableReads;
  /** There where the encoding depends on the task of a row. */
  readonly stages?: TrunkStages;
}
