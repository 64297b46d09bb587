// The transformer's training step: how near to ONNX Runtime's own matrix product, and how much memory, with glibc's own settings and with blocks from 1 MiB on given back at once.
// Run: node examples/run.mjs ../bench/footprint.ts
import '@tensorflow/tfjs-backend-cpu';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostArray, hostRandom } from '@taskloom/core';
import { exportOnnx, openModel, ort } from '@taskloom/onnx';
import { matMul, slice } from '@tensorflow/tfjs-core';
import { median } from './peers/rounds';
import { torchPeer } from './peers/torch';
import { trainBatch, trainStep } from './works/transformer';

/** How a process gets memory from the C library. */
const settings: { readonly [name: string]: { readonly [variable: string]: string } } = {
  "glibc's own": {},
  'from 1 MiB on given back': { MALLOC_MMAP_THRESHOLD_: `${1 << 20}`, MALLOC_TRIM_THRESHOLD_: `${1 << 20}` },
};
const [rows, inner, columns] = [2048, 256, 1024];
/** Steps before memory is read. */
const steps = 20;

/** A product of matrices, as a model of its own; one number of it comes out, since copying the whole would take as long again. */
const productOf = (a: readonly [number, number], b: readonly [number, number]) =>
  openModel(
    exportOnnx((({ a, b }: never) => slice(matMul(a, b), [0, 0], [1, 1])) as never, { inputs: { a: { shape: a }, b: { shape: b } } }),
  );
const draw = (name: string, shape: readonly [number, number]) => hostArray(hostRandom(name).normal(shape[0] * shape[1]), shape);
/** Of this process, MB: `VmHWM` is the most so far. */
const memory = (key: 'VmRSS' | 'VmHWM') =>
  Number(new RegExp(`${key}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024;

/** The step, and its peak of memory above the start, MB. As PyTorch is, the engine is loaded before: a small model is open. */
async function measured() {
  await productOf([2, 2], [2, 2]);
  const before = memory('VmHWM');
  const { step, init } = trainStep(32);
  const train = (await ort().compile(step as never, { state: init() as never })) as never as (inputs: never) => Promise<unknown>;
  for (let i = 0; i < steps; i++) await train(trainBatch(32, i) as never);
  return { train, peak: memory('VmHWM') - before };
}

if (process.argv.includes('--memory')) {
  console.log((await measured()).peak);
  process.exit(0);
}

const { train } = await measured();
// The greatest product of the step, alone.
const product = await productOf([rows, inner], [inner, columns]);
const arrays = { a: draw('a', [rows, inner]), b: draw('b', [inner, columns]) };
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
  `[${rows}, ${inner}] · [${inner}, ${columns}] alone: ${median(alone).toFixed(0)} GFLOP/s; the step reaches ${((100 * median(own)) / median(alone)).toFixed(0)} %\n`,
);

console.log('| peak memory above the start, MB | Taskloom | PyTorch | ours / theirs |\n|---|---:|---:|---:|');
for (const [name, variables] of Object.entries(settings)) {
  const ours: number[] = [];
  for (let i = 0; i < 3; i++) {
    const env = { ...process.env, ...variables };
    const { stdout } = spawnSync(process.execPath, [process.argv[1]!, '../bench/footprint.ts', '--memory'], { env, encoding: 'utf8' });
    ours.push(Number(stdout.trim().split('\n').at(-1)));
  }
  const torch = await torchPeer('transformer-train', [2], variables);
  await torch?.round(steps);
  const theirs = torch?.memory;
  torch?.stop();
  const [least, middle, most] = ours.sort((a, b) => a - b).map((each) => each.toFixed(0));
  console.log(
    `| ${name} | ${middle} (${least} to ${most}) | ${theirs?.toFixed(0) ?? '–'} | ${theirs ? (median(ours) / theirs).toFixed(2) : '–'} |`,
  );
}
process.exit(0);
