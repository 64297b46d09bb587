import type { Context, Encoding, Json, Module, Params, TableReads, Tree, TrunkStages } from '@taskloom/core';
import { TaskloomError, tablesWithin } from '@taskloom/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { add } from './fusions/add';
import { concatenate } from './fusions/concatenate';
import { film } from './fusions/film';
import type { Fusion } from './fusions/fusion';
import { weighted } from './fusions/weighted';
import type { TaskVectors } from './task-vectors';

/** Anything that encodes rows and knows how wide: trunks of `@taskloom/shared-encoder`, or your own. */
export interface ConditionableTrunk extends Module<Tree<Tensor>, Encoding> {
  readonly width: number;
  readonly kind?: string;
  readonly tokens?: boolean;
  readonly stages?: TrunkStages;
  readonly tables?: TableReads;
}

export interface ConditionOptions {
  readonly embedding: TaskVectors;
  /** By name with the paper's defaults, or one that you made. `concatenate` by name keeps the trunk's width. */
  readonly fusion: 'concatenate' | 'add' | 'weighted' | 'film' | Fusion;
}

export interface ConditionedTrunk extends Module<Tree<Tensor>, Encoding> {
  readonly kind: string;
  readonly width: number;
  readonly tokens: boolean;
  /** The trunk runs once for a row, the fusion once for each of its tasks. */
  readonly stages: TrunkStages;
  readonly tables?: TableReads;
}

/**
 * A trunk whose encoding depends on the task of each row (`run(…, { tasks: { ids } })`, one id for each of the N rows). Pooled vectors and tokens pass
 * through the same fusion. It is a trunk again; parameters `{ trunk, embedding, fusion }`.
 */
export function condition(trunk: ConditionableTrunk, { embedding, fusion }: ConditionOptions): ConditionedTrunk {
  const fuse = typeof fusion === 'string' ? fusionByName(fusion, trunk.width, embedding.width) : fusion;
  const trunkParams = (params: Params) => (params.trunk ?? {}) as Params;
  const stages: TrunkStages = {
    tasks: embedding.tasks,
    once(params, inputs, context) {
      const inside = context.child('trunk');
      return trunk.stages
        ? trunk.stages.once(trunkParams(params), inputs, inside)
        : (trunk.apply(trunkParams(params), inputs, inside) as unknown as Tree<Tensor>);
    },
    perTask(params, rows, context) {
      const encoding = trunk.stages
        ? trunk.stages.perTask(trunkParams(params), rows, context.child('trunk'))
        : (rows as unknown as Encoding);
      return fused(params, encoding, context);
    },
  };
  function fused(params: Params, { pooled, tokens, mask }: Encoding, context: Context): Encoding {
    const task = embedding.apply((params.embedding ?? {}) as Params, undefined, context.child('embedding'));
    const rows = pooled.shape.slice(0, -1);
    if (task.shape.slice(0, -1).join() !== rows.join())
      throw new TaskloomError('shape_mismatch', 'Every row needs one task.', {
        name: 'tasks',
        expected: `[${rows}]`,
        got: `[${task.shape.slice(0, -1)}]`,
      });
    const own = (params.fusion ?? {}) as Params;
    const inside = context.child('fusion');
    return {
      pooled: fuse.apply(own, { hidden: pooled, task }, inside),
      ...(tokens ? { tokens: fuse.apply(own, { hidden: tokens, task }, inside) } : {}),
      ...(mask ? { mask } : {}),
    };
  }
  return {
    kind: 'conditioned',
    width: fuse.width,
    tokens: trunk.tokens ?? false,
    config: { kind: 'conditioned', trunk: trunk.config, embedding: embedding.config, fusion: fuse.config } as Json,
    ...(trunk.tables && { tables: tablesWithin('trunk', trunk.tables) }),
    ...(trunk.buffers && { buffers: () => ({ trunk: trunk.buffers!() }) }),
    init: (random): Params => ({
      trunk: trunk.init(random.fold('trunk')),
      embedding: embedding.init(random.fold('embedding')),
      fusion: fuse.init(random.fold('fusion')),
    }),
    stages,
    apply: (params, inputs, context) => stages.perTask(params, stages.once(params, inputs, context), context),
  };
}

function fusionByName(name: string, width: number, taskWidth: number): Fusion {
  const sizes = { width, taskWidth };
  switch (name) {
    case 'concatenate':
      return concatenate({ ...sizes, units: width });
    case 'add':
      return add(sizes);
    case 'weighted':
      return weighted(sizes);
    case 'film':
      return film(sizes);
    default:
      throw new TaskloomError('unknown_fusion', `There is no fusion '${name}'.`, {
        name,
        expected: 'one of concatenate, add, weighted, film',
      });
  }
}
