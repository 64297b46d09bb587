import {
  type CheckpointStore,
  disposeParams,
  hostArray,
  memoryStore,
  type Params,
  random,
  run,
  toTensor,
  valueAndGradients,
} from '@taskloom/core';
import { crossEntropy } from '@taskloom/core/losses';
import { bagOfEmbeddings, dense } from '@taskloom/core/modules';
import { adamw, applyUpdates } from '@taskloom/core/optimizers';
import { train } from '@taskloom/pipeline';
import { classification, multiTaskModel, textCNN } from '@taskloom/shared-encoder';
import { hashedFeatures } from '@taskloom/text';
import { arrayDataset, fit as fitModel } from '@taskloom/trainer';
import { scalar, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { supportConfig } from '../../apps/reference/src/support-config';
import { steps } from './steps';
import { messages, supportData } from './support-data';

const rowsPerStep = 8;
const idsPerRow = 40;
const size = 4096;

export const levels = ['core', 'trainer', 'pipeline'] as const;
export type Level = (typeof levels)[number];

/** Support messages learned at three levels of the library, the same in Node and in a browser; each gives the losses of its first `count` steps. */
export const trainings: { readonly [level in Level]: (count: number) => Promise<number[]> } = {
  core: trainWithCore,
  trainer: trainWithTrainer,
  pipeline: (count) => trainWithPipeline(count),
};

/** Topics from bags of hashed n-grams, by hand: a step is a pass, its gradients, and an update. */
async function trainWithCore(count: number): Promise<number[]> {
  const { ids, labels, classes } = encoded('topic');
  const bag = bagOfEmbeddings({ size, width: 24 });
  const output = dense({ inputs: 24, units: classes.length });
  const optimizer = adamw({ weightDecay: 0.01 });
  let params = { bag: bag.init(random(1)), output: output.init(random(2)) };
  let state = optimizer.init(params);
  const losses: number[] = [];
  for (let step = 0; step < count; step++) {
    const first = (step % 4) * rowsPerStep;
    const [value, next] = tidy(() => {
      const inputs = {
        ids: toTensor(hostArray(ids.slice(first * idsPerRow, (first + rowsPerStep) * idsPerRow), [rowsPerStep, idsPerRow])),
      };
      const target = toTensor(hostArray(labels.slice(first, first + rowsPerStep)));
      const { value, gradients } = valueAndGradients((p: typeof params) => {
        const pooled = run(bag, p.bag, inputs).output;
        return crossEntropy(run(output, p.output, pooled as Tensor).output, target);
      }, params);
      const { updates, state: after } = optimizer.update(gradients, state, params, { step: scalar(step), learningRate: scalar(0.02) });
      return [value, { params: applyUpdates(params, updates), state: after }] as [Tensor, { params: typeof params; state: Params }];
    });
    for (const old of [params, state] as const) disposeParams(old);
    ({ params, state } = next);
    losses.push((await value.data())[0]!);
    value.dispose();
  }
  for (const old of [params, state] as const) disposeParams(old);
  return losses;
}

/** Topic and sentiment on one convolutional trunk, by the trainer. */
async function trainWithTrainer(count: number): Promise<number[]> {
  const topic = encoded('topic');
  const sentiment = encoded('sentiment');
  const trunk = textCNN({ size, width: 16, widths: [1, 3], dropout: 0.2 });
  const head = (labels: readonly string[]) => classification({ inputs: trunk.width, labels });
  const rows = topic.labels.length;
  const losses: number[] = [];
  const result = await fitModel({
    model: multiTaskModel({ trunk, heads: { topic: head(topic.classes), sentiment: head(sentiment.classes) } }),
    train: arrayDataset({
      messages: {
        inputs: { ids: hostArray(topic.ids, [rows, idsPerRow]) },
        tasks: { topic: { target: hostArray(topic.labels) }, sentiment: { target: hostArray(sentiment.labels) } },
      },
    }),
    optimizer: adamw(),
    learningRate: 0.02,
    steps: count,
    batchSize: rowsPerStep,
    seed: 1,
    callbacks: [{ onBatchEnd: (_, { loss }) => void losses.push(loss) }],
  });
  disposeParams(result.params);
  disposeParams(result.buffers);
  return losses;
}

/**
 * The five tasks of the support config, from config to run, with a fifth of its hash buckets and small batches, to be quick on the cpu backend.
 * Every step sees messages and pairs, so that its losses can be compared with one another. Validated where a store is given. The learning rate falls
 * over `steps` steps whatever their number here.
 */
export async function trainWithPipeline(count: number, store?: CheckpointStore): Promise<number[]> {
  const losses: number[] = [];
  const enough = new AbortController();
  const { features } = supportConfig;
  const training = { ...supportConfig.training, steps, evaluateEvery: steps, batchSize: 4, sourcesPerStep: 'all' as const };
  const tasks = supportConfig.tasks.map((task) => (store ? task : { ...task, data: { train: task.data.train } }));
  await train(
    { ...supportConfig, tasks, features: features?.kind === 'hashed' ? { ...features, buckets: 3000 } : features, training },
    {
      store: store ?? memoryStore(),
      data: supportData,
      execution: 'eager', // the backend is what is tested
      signal: enough.signal,
      onProgress(event) {
        if (event.kind === 'step' && losses.push(event.loss) === count && count < steps) enough.abort();
      },
    },
  );
  return losses;
}

/** The messages that have a label, as hashed n-grams, padded or cut. */
function encoded(column: 'topic' | 'sentiment') {
  const hasher = hashedFeatures({ buckets: size - 1, wordNgrams: 1, characters: [3, 3] });
  const rows = messages.filter((row) => row.topic && row.sentiment);
  const classes = [...new Set(rows.map((row) => String(row[column])))].sort();
  const ids = new Int32Array(rows.length * idsPerRow);
  for (const [i, row] of rows.entries()) ids.set(hasher.bag(String(row.text)).subarray(0, idsPerRow), i * idsPerRow);
  return { ids, classes, labels: Int32Array.from(rows, (row) => classes.indexOf(String(row[column]))) };
}
