// The transformer's training step: how near to ONNX Runtime's own matrix product, and how much memory. Run: node examples/run.mjs ../bench/footprint.ts
import '@tensorflow/tfjs-backend-cpu';
import { hostArray, hostRandom } from '@taskloom/core';
import { exportOnnx, openModel, ort } from '@taskloom/onnx';
import { matMul } from '@tensorflow/tfjs-core';
import { median } from './peers/rounds';
import { torchPeer } from './peers/torch';
import { trainBatch, trainStep } from './works/transformer';

const peak = () => process.resourceUsage().maxRSS / 1024;
const [rows, inner, columns] = [2048, 256, 1024];
const draw = (name: string, shape: readonly [number, number]) => hostArray(hostRandom(name).normal(shape[0] * shape[1]), shape);
const arrays = { a: draw('a', [rows, inner]), b: draw('b', [inner, columns]) };
const before = peak();

const { step, init } = trainStep(32);
const train = (await ort().compile(step as never, { state: init() as never })) as never as (inputs: never) => Promise<unknown>;
for (let i = 0; i < 20; i++) await train(trainBatch(32, i) as never);
const memory = peak() - before;

// The greatest product of the step, alone.
const bytes = exportOnnx((({ a, b }: never) => matMul(a, b)) as never, {
  inputs: { a: { shape: [rows, inner] }, b: { shape: [inner, columns] } },
});
const product = await openModel(bytes);
/** Of one step: 4 layers × (4 projections and 2 of the feed-forward part on 2,048 rows, 2 products of attention), forward once and backward twice. */
const operations = 3 * 4 * (2 * rows * (4 * 256 * 256 + 2 * 256 * 1024) + 2 * 2 * 32 * 8 * 64 * 64 * 32);
const [own, alone]: [number[], number[]] = [[], []];
for (let round = 0; round < 7; round++) {
  let start = performance.now();
  await train(trainBatch(32, round) as never);
  own.push(operations / (performance.now() - start) / 1e6);
  start = performance.now();
  for (let i = 0; i < 20; i++) await product.run(arrays, ['output']);
  alone.push((20 * 2 * rows * inner * columns) / (performance.now() - start) / 1e6);
}
console.log(`step: ${(operations / 1e9).toFixed(1)} GFLOP in matrix products, ${median(own).toFixed(0)} GFLOP/s`);
console.log(
  `[${rows}, ${inner}] · [${inner}, ${columns}] alone: ${median(alone).toFixed(0)} GFLOP/s; the step reaches ${((100 * median(own)) / median(alone)).toFixed(0)} %`,
);
console.log(`peak memory above the start: ${memory.toFixed(0)} MB`);
const torch = await torchPeer('transformer-train');
if (torch) {
  await torch.round(20);
  console.log(`PyTorch ${torch.version}: ${torch.memory.toFixed(0)} MB; ours / theirs ${(memory / torch.memory).toFixed(2)}`);
  torch.stop();
}
process.exit(0);
