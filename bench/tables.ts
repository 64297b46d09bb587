// Steps of `fit` where whole tables are moved and where the rows that a batch names are, by the height of the table. Run: node examples/run.mjs ../bench/tables.ts [rows …]
import '@tensorflow/tfjs-backend-cpu';
import { cpus } from 'node:os';
import { disposeParams, hostArray, hostRandom, type Params, sparseAdam } from '@taskloom/core';
import { adam } from '@taskloom/core/optimizers';
import { ort } from '@taskloom/onnx';
import { bagOfEmbeddings, classification, multiTaskModel } from '@taskloom/shared-encoder';
import { arrayDataset, fit } from '@taskloom/trainer';
import { enableProdMode } from '@tensorflow/tfjs-core';
import { median } from './peers/rounds';

enableProdMode();
const [batch, bag, width, steps, warm] = [256, 30, 64, 25, 5];
const classes = { topic: 20, product: 5, sentiment: 3, urgent: 2 };
const heights = process.argv.slice(2).map(Number);

console.log(`${cpus()[0]!.model}, ${cpus().length} cores, Node ${process.version}\n`);
console.log('| table | moved | median, ms a step | least |');
console.log('|---:|---|---:|---:|');
for (const size of heights.length > 0 ? heights : [10_000, 100_000, 500_000])
  for (const touched of [false, true]) {
    const times = (await timesOf(size, touched)).slice(warm);
    console.log(
      `| ${size} | ${touched ? 'rows of the batch' : 'whole'} | ${median(times).toFixed(1)} | ${Math.min(...times).toFixed(1)} |`,
    );
  }
process.exit(0);

/** Milliseconds of each step, drawing the batch included. */
async function timesOf(size: number, touched: boolean): Promise<number[]> {
  const model = multiTaskModel({
    trunk: bagOfEmbeddings({ size, width }),
    heads: Object.fromEntries(
      Object.entries(classes).map(([task, count]) => [
        task,
        classification({ inputs: width, labels: Array.from({ length: count }, (_, i) => String(i)) }),
      ]),
    ),
  });
  const rows = batch * steps;
  const draw = (name: string, count: number, below: number, from = 0) =>
    Int32Array.from(hostRandom(name).uniform(count), (u) => from + Math.floor(u * (below - from)));
  const train = arrayDataset({
    all: {
      inputs: { ids: hostArray(draw('ids', rows * bag, size, 1), [rows, bag]) },
      tasks: Object.fromEntries(Object.entries(classes).map(([task, count]) => [task, { target: hostArray(draw(task, rows, count)) }])),
    },
  });
  const times: number[] = [];
  let began = 0;
  const { params, buffers } = await fit({
    model,
    train,
    optimizer: adam(),
    ...(touched ? { tableOptimizer: sparseAdam() } : {}),
    learningRate: 1e-3,
    steps,
    batchSize: batch,
    executor: ort(),
    callbacks: [
      {
        onBatchBegin: () => {
          began = performance.now();
        },
        onBatchEnd: () => void times.push(performance.now() - began),
      },
    ],
  });
  disposeParams(params as unknown as Params);
  disposeParams(buffers);
  return times;
}
