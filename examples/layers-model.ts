/**
 * Two outputs of one tf.LayersModel whose losses differ by four orders of magnitude: what model.fit learns of each when the losses are added up, and when they are balanced.
 *
 *   node examples/run.mjs layers-model.ts [--smoke]
 */
import '@tensorflow/tfjs-backend-cpu';
import { hostRandom } from '@taskloom/core';
import { log, uncertainty } from '@taskloom/mtl-loss';
import { compileLoss } from '@taskloom/mtl-loss/layers';
import { setBackend, type Tensor, tensor2d, train } from '@tensorflow/tfjs-core';
import { initializers, input, layers, model as modelOf } from '@tensorflow/tfjs-layers';

const smoke = process.argv.includes('--smoke');
await setBackend('cpu');

/** Flats by area, age and distance: the rent in tens of euros above the average, and how content tenants are from 0 to 1. */
function flats(seed: string, count: number) {
  const draws = hostRandom(seed).normal(3 * count);
  const rows = Array.from({ length: count }, (_, i) => Array.from(draws.subarray(3 * i, 3 * i + 3)) as [number, number, number]);
  const rent = rows.map(([area, age, distance]) => [35 * area - 12 * distance + 6 * area * age]);
  const content = rows.map(([area, age, distance]) => [1 / (1 + Math.exp(-area + age * distance))]);
  return { x: tensor2d(rows), y: [tensor2d(rent), tensor2d(content)], content: content.map(([value]) => value!) };
}

const [seen, held] = [flats('train', smoke ? 128 : 1024), flats('test', 512)];
const mean = held.content.reduce((a, b) => a + b) / held.content.length;
const spread = held.content.reduce((sum, value) => sum + (value - mean) ** 2, 0) / held.content.length;

for (const [name, weighting] of [
  ['sum', undefined],
  ['numbers', { rent: 1e-4, content: 1 }],
  ['log', log()],
  ['uncertainty', uncertainty()],
] as const) {
  const start = input({ shape: [3] });
  const dense = (units: number, seed: number, activation?: 'relu', own?: string) =>
    layers.dense({ units, activation, name: own, kernelInitializer: initializers.glorotUniform({ seed }) });
  const hidden = dense(32, 1, 'relu').apply(dense(32, 2, 'relu').apply(start));
  const model = modelOf({
    inputs: start,
    outputs: [dense(1, 3, undefined, 'rent').apply(hidden), dense(1, 4, undefined, 'content').apply(hidden)] as never,
  });
  model.compile({ optimizer: train.adam(0.01), loss: 'meanSquaredError' });
  const compiled = weighting && compileLoss(model, weighting);
  await model.fit(seen.x, seen.y, { epochs: smoke ? 2 : 60, batchSize: 64, shuffle: false, verbose: 0, callbacks: compiled?.callbacks });

  const [rent, content] = (model.predict(held.x) as Tensor[]).map((output, i) => {
    const [got, wanted] = [output.dataSync<'float32'>(), held.y[i]!.dataSync<'float32'>()];
    return got.reduce((sum, value, row) => sum + (value - wanted[row]!) ** 2, 0) / got.length;
  }) as [number, number];
  console.log(
    `${name.padEnd(12)} rent ± ${(10 * Math.sqrt(rent)).toFixed(0).padStart(4)} €   contentment: ${(100 * (1 - content / spread)).toFixed(0)} % of the variance explained`,
  );
  compiled?.dispose();
}
