import { TaskloomError } from '@taskloom/core';
import { gatedTrunk } from '@taskloom/gating';
import { type Trunk, type TrunkConfig, transformer, trunk } from '@taskloom/shared-encoder';
import { condition, oneHot, taskEmbedding, taskToken } from '@taskloom/task-embedding';
import { type InputShape, paddedLength } from './features';
import type { ResolvedConfig } from './schema';

/** More parameters than this are refused, so that a stranger's config cannot exhaust memory. */
const maximumParameters = 500_000_000;

/** θs: the trunk over the features' ids, then what conditions it on the task, then the gated experts. */
export function sharedTrunk(config: ResolvedConfig, shape: InputShape): Trunk {
  const tagging = config.tasks.some(({ head }) => head === 'tagging');
  const plain = trunkOf(config, shape);
  return withGate(withFusion(tagging ? plain : pooledOnly(plain), config), config);
}

function trunkOf(config: ResolvedConfig, shape: InputShape): Trunk {
  const built = trunkConfig(config, shape);
  if (config.taskEmbedding?.kind !== 'token' || built.kind !== 'transformer') return trunk(built);
  const { kind: _, ...options } = built;
  const tasks = config.tasks.map(({ name }) => name);
  const whole = transformer({ ...options, prefix: taskToken(taskEmbedding({ tasks, width: options.width })) });
  // The very first layer sees the task already, so nothing but the ids is common to a row's tasks.
  return { ...whole, stages: { tasks, once: (_params, inputs) => inputs, perTask: whole.apply } };
}

function withFusion(plain: Trunk, { taskEmbedding: own, tasks: all }: ResolvedConfig): Trunk {
  if (!own || own.kind === 'token') return plain;
  const tasks = all.map(({ name }) => name);
  const embedding = own.kind === 'oneHot' ? oneHot(tasks) : taskEmbedding({ tasks, width: own.dimension });
  return condition(plain, { embedding, fusion: own.fusion });
}

function withGate(plain: Trunk, { gating, tasks }: ResolvedConfig): Trunk {
  if (!gating) return plain;
  return gatedTrunk(plain, { ...gating, expertWidth: gating.expertWidth ?? plain.width, tasks: tasks.map(({ name }) => name) });
}

/** Where no head tags, tokens need not be copied for each task, let alone fused or gated. */
function pooledOnly(whole: Trunk): Trunk {
  const { stages } = whole;
  return {
    ...whole,
    tokens: false,
    apply: (params, inputs, context) => ({ pooled: whole.apply(params, inputs, context).pooled }),
    ...(stages && {
      stages: { ...stages, perTask: (params, rows, context) => ({ pooled: stages.perTask(params, rows, context).pooled }) },
    }),
  };
}

function trunkConfig({ trunk: own, features }: ResolvedConfig, shape: InputShape): TrunkConfig {
  const rows = shape.kind === 'bags' ? Object.values(shape.sizes).reduce((a, b) => a + b, 0) : shape.size;
  if (rows * own.width > maximumParameters)
    throw new TaskloomError('too_large', 'The embedding table is too large.', {
      name: 'trunk.width',
      got: `${rows} × ${own.width}`,
      expected: `at most ${maximumParameters} numbers`,
    });
  if (own.kind === 'bagOfEmbeddings') {
    if (shape.kind !== 'bags') throw new TaskloomError('bad_config', 'bagOfEmbeddings takes bags.', { name: 'trunk.kind' });
    return { ...own, size: shape.sizes, bags: Object.keys(shape.sizes) };
  }
  if (shape.kind !== 'tokens') throw new TaskloomError('bad_config', `${own.kind} takes tokens.`, { name: 'trunk.kind' });
  if (own.kind === 'textCNN') return { ...own, size: shape.size };
  const { layers, feedForward, ...rest } = own;
  return {
    ...rest,
    blocks: layers,
    ...(feedForward === undefined ? {} : { hidden: feedForward }),
    length: paddedLength(features.maxTokens),
    size: shape.size,
  };
}
