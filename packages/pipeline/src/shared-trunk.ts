import { TaskloomError } from '@taskloom/core';
import { gatedTrunk } from '@taskloom/gating';
import { type Trunk, type TrunkConfig, transformer, trunk } from '@taskloom/shared-encoder';
import { condition, oneHot, taskEmbedding, taskToken } from '@taskloom/task-embedding';
import { bagsRead, featuresByForm, type InputShape, paddedLength } from './features';
import type { Labels } from './labels';
import { linearColumns } from './linear-part';
import { type Encoder, encodersOf, type ResolvedConfig, readsBags } from './schema';

/** More parameters than this are refused, so that a stranger's config cannot exhaust memory. */
const maximumParameters = 500_000_000;

/** θs: the trunk over the features' ids, then what conditions it on the task, then the gated experts. */
export function sharedTrunk(config: ResolvedConfig, shape: InputShape, labels: Labels): Trunk {
  const tagging = config.tasks.some(({ head }) => head === 'tagging');
  const plain = trunkOf(config, shape, labels);
  return withGate(withFusion(tagging ? plain : pooledOnly(plain), config), config);
}

function trunkOf(config: ResolvedConfig, shape: InputShape, labels: Labels): Trunk {
  const classes = () => Object.values(linearColumns(config, labels))[0]!.of;
  const built = trunkConfig(config, shape, classes);
  assertSize(config.trunk, shape, classes);
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

function trunkConfig(config: ResolvedConfig, shape: InputShape, classes: () => number): TrunkConfig {
  const { tokens } = featuresByForm(config);
  const encoders = encodersOf(config.trunk).map(({ encoder }) => encoderConfig(encoder, shape, tokens?.maxTokens ?? 0, classes));
  if (config.trunk.kind !== 'joined') return encoders[0]!;
  return { kind: 'joined', parts: Object.fromEntries(Object.keys(config.trunk.parts).map((name, i) => [name, encoders[i]!])) };
}

function encoderConfig(own: Encoder, { bags = {}, tokens }: InputShape, maxTokens: number, classes: () => number): TrunkConfig {
  if (readsBags(own)) {
    const size = bagsRead(own, bags);
    const tables = { size, bags: Object.keys(size) };
    return own.kind === 'linear' ? { kind: 'linear', width: classes(), ...tables } : { ...own, ...tables };
  }
  const { size } = tokens!;
  if (own.kind === 'textCNN') return { ...own, size };
  const length = paddedLength(maxTokens);
  if (own.kind === 'recurrent') return { ...own, length, size };
  const { layers, feedForward, ...rest } = own;
  return {
    ...rest,
    blocks: layers,
    ...(feedForward === undefined ? {} : { hidden: feedForward }),
    length,
    size,
  };
}

function assertSize(trunk: ResolvedConfig['trunk'], { bags = {}, tokens }: InputShape, classes: () => number): void {
  for (const { path, encoder } of encodersOf(trunk)) {
    const width = encoder.kind === 'linear' ? classes() : encoder.width;
    const rows = readsBags(encoder) ? Object.values(bagsRead(encoder, bags)).reduce((a, b) => a + b, 0) : tokens!.size;
    if (rows * width > maximumParameters)
      throw new TaskloomError('too_large', 'The embedding table is too large.', {
        name: [...path, 'width'].join('.'),
        got: `${rows} × ${width}`,
        expected: `at most ${maximumParameters} numbers`,
      });
  }
}
