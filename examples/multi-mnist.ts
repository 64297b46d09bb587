/**
 * MultiMNIST: two digits overlaid, two tasks (which is at the top left, which at the bottom right), one LeNet. Balancers beside single-task models and a tuned sum.
 *
 * The protocol is our own, since 10,000 digits are at hand: of the first 10,000 training images 9,000 make the training pairs and 1,000 the validation pairs (each image is once the left
 * and once the right of a pair, and pairs are the same for all runs), 2,000 of the test images the test pairs; 28×28 each in a canvas of 36×36, brighter pixel wins. LeNet as in
 * O. Sener & V. Koltun 2018: 10 and 20 filters of 5×5, each with ReLU and 2×2 maxima, then 50 shared units; a head is 50 units and 10 classes. Adam, batches of 64, cosine to 0, the last
 * parameters. The sum's learning rate is the best of three on validation by the first seed; all methods take it. Steps are compiled for ONNX Runtime.
 *
 *   node examples/run.mjs multi-mnist.ts [--smoke] [--data mnist|fashion|both] [--methods sum,log,…] [--seeds 3] [--steps 700] [--results file.json] [--folder ../shared/data]
 *
 * `both`: the left is a garment, the right a digit. `--results` keeps what is finished, and goes on from it.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import '@tensorflow/tfjs-backend-cpu';
import { type Balancer, disposeParams, hostArray, hostRandom } from '@taskloom/core';
import { convolution2d, dense, maxPooling2d, sequential } from '@taskloom/core/modules';
import { adam, cosine } from '@taskloom/core/optimizers';
import { methods as known } from '@taskloom/mtl-loss/methods';
import { ort } from '@taskloom/onnx';
import { classification, multiTaskModel, type Trunk } from '@taskloom/shared-encoder';
import { arrayDataset, type Dataset, evaluate, type StudyRun, summarizeStudy, fit as train } from '@taskloom/trainer';
import { enableProdMode, reshape, setBackend, type Tensor } from '@tensorflow/tfjs-core';

const { values: flags } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    data: { type: 'string', default: 'mnist' },
    methods: { type: 'string', default: 'sum,log,uncertainty,famo,pcgrad,mgda,cagrad,nashMtl' },
    seeds: { type: 'string', default: '3' },
    steps: { type: 'string', default: '700' },
    results: { type: 'string' },
    folder: { type: 'string', default: fileURLToPath(new URL('../../shared/data', import.meta.url)) },
  },
});
const [side, canvas, tasks] = [28, 36, ['left', 'right'] as const];
const steps = flags.smoke ? 6 : Number(flags.steps);
const seeds = Array.from({ length: flags.smoke ? 1 : Number(flags.seeds) }, (_, i) => i + 1);
const names = (flags.smoke ? 'sum,log,pcgrad,famo' : flags.methods).split(',');
const sets = { mnist: ['mnist', 'mnist'], fashion: ['fashion_mnist', 'fashion_mnist'], both: ['fashion_mnist', 'mnist'] }[flags.data];
if (!sets) throw new Error(`--data is mnist, fashion or both, and is '${flags.data}'.`);

interface Images {
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

/** The images of a set; where the files are not at hand and it is about the program alone, strokes drawn at random. */
function read(set: string, split: 'train' | 'test', count: number): Images {
  const file = (kind: string, dims: number) => `${flags.folder}/${set}/${split}-${kind}-${count}-idx${dims}-ubyte.gz`;
  if (!existsSync(file('images', 3))) {
    if (!flags.smoke) throw new Error(`There is no ${file('images', 3)}; name the data's folder with --folder.`);
    const draws = hostRandom(set)
      .fold(split)
      .uniform(200 * side * side);
    return { pixels: Uint8Array.from(draws, (u) => 255 * u), labels: Uint8Array.from({ length: 200 }, (_, i) => i % 10) };
  }
  return {
    pixels: gunzipSync(readFileSync(file('images', 3))).subarray(16),
    labels: gunzipSync(readFileSync(file('labels', 1))).subarray(8),
  };
}

/** Pairs of the images from `from` to `to`: left in their order, right in an order of chance. */
function pairs([left, right]: readonly Images[], from: number, to: number): Dataset {
  const order = hostRandom('pairs')
    .fold(from)
    .uniform(to - from);
  const rights = Array.from(order.keys()).sort((a, b) => order[a]! - order[b]!);
  const images = new Float32Array((to - from) * canvas * canvas);
  const put = ({ pixels }: Images, image: number, row: number, shift: number) => {
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++) {
        const at = row * canvas * canvas + (y + shift) * canvas + x + shift;
        images[at] = Math.max(images[at]!, pixels[image * side * side + y * side + x]! / 255);
      }
  };
  rights.forEach((other, i) => {
    put(left!, from + i, i, 0);
    put(right!, from + other, i, canvas - side);
  });
  const labelled = (own: Images, order: (i: number) => number) => ({
    target: hostArray(Int32Array.from({ length: to - from }, (_, i) => own.labels[from + order(i)]!)),
  });
  return arrayDataset({
    pairs: {
      inputs: hostArray(images, [to - from, canvas, canvas]),
      tasks: { left: labelled(left!, (i) => i), right: labelled(right!, (i) => rights[i]!) },
    },
  });
}

/** A data set that knows only one task. */
function only(dataset: Dataset, task: string): Dataset {
  return {
    sources: dataset.sources.map((source) => ({ ...source, tasks: [task] })),
    batch(source, rows, size) {
      const { inputs, tasks: all } = dataset.batch(source, rows, size);
      return { inputs, tasks: { [task]: all[task]! } };
    },
  };
}

function leNet(): Trunk {
  const layers = sequential({
    first: convolution2d({ inputs: 1, filters: 10, size: 5, padding: 'valid', activation: 'relu' }),
    firstPool: maxPooling2d({ size: 2 }),
    second: convolution2d({ inputs: 10, filters: 20, size: 5, padding: 'valid', activation: 'relu' }),
    secondPool: maxPooling2d({ size: 2 }),
    flat: { config: { module: 'flat' }, init: () => ({}), apply: (_: object, x: Tensor) => reshape(x, [x.shape[0]!, 6 * 6 * 20]) },
    units: dense({ inputs: 6 * 6 * 20, units: 50, activation: 'relu' }),
  });
  return {
    kind: 'leNet',
    width: 50,
    tokens: false,
    config: layers.config,
    init: (random) => layers.init(random),
    apply: (params, x, context) => ({ pooled: layers.apply(params as never, reshape(x as Tensor, [-1, canvas, canvas, 1]), context) }),
  };
}

const classes = Array.from({ length: 10 }, (_, i) => String(i));
const model = (which: readonly string[]) =>
  multiTaskModel({
    trunk: leNet(),
    heads: Object.fromEntries(which.map((task) => [task, classification({ inputs: 50, hidden: 50, labels: classes })])),
  });

enableProdMode();
await setBackend('cpu');
const images = (split: 'train' | 'test', count: number) => sets.map((set) => read(set, split, count));
const [trainImages, testImages] = [images('train', 10_000), images('test', 2000)];
const size = trainImages[0]!.labels.length;
const held = Math.round(size / 10);
const splits = {
  train: pairs(trainImages, 0, size - held),
  validation: pairs(trainImages, size - held, size),
  test: pairs(testImages, 0, testImages[0]!.labels.length),
};

interface Result {
  readonly validation: { readonly [task: string]: number };
  readonly test: { readonly [task: string]: number };
  /** Of training alone. */
  readonly seconds: number;
}
const finished: Record<string, Result> = flags.results && existsSync(flags.results) ? JSON.parse(readFileSync(flags.results, 'utf8')) : {};

/** One training and its judgement, or what an earlier call found. */
async function trained(method: string, which: readonly string[], rate: number, seed: number): Promise<Result> {
  const id = `${flags.data} ${method} ${which.join('+')} ${rate} ${steps} ${seed}`;
  if (finished[id]) return finished[id];
  const own = model(which);
  const as = (dataset: Dataset) => (which.length === 1 ? only(dataset, which[0]!) : dataset);
  const executor = ort();
  let seconds = 0;
  const { params, buffers } = await train({
    model: own,
    train: as(splits.train),
    optimizer: adam(),
    learningRate: cosine({ from: rate, steps }),
    steps,
    batchSize: 64,
    balancer: balancerNamed(method),
    seed,
    executor,
    callbacks: [
      {
        onEpochEnd(_, logs) {
          seconds += logs.seconds;
        },
      },
    ],
  });
  const accuracies = async (dataset: Dataset) => {
    const { tasks: judged } = await evaluate({ model: own, params, buffers, dataset: as(dataset), batchSize: 250, executor });
    return Object.fromEntries(Object.entries(judged).map(([task, { metrics }]) => [task, metrics.accuracy!]));
  };
  const result: Result = { validation: await accuracies(splits.validation), test: await accuracies(splits.test), seconds };
  for (const tree of [params, buffers]) disposeParams(tree);
  console.error(`${id}: test ${Object.values(result.test).map(percent).join(' ')}, ${seconds.toFixed(0)} s`);
  finished[id] = result;
  if (flags.results) writeFileSync(flags.results, JSON.stringify(finished));
  return result;
}

function balancerNamed(name: string): Balancer {
  const info = known.find((method) => method.name === name);
  if (!info) throw new Error(`There is no method '${name}'. It is one of ${known.map((method) => method.name).join(', ')}.`);
  return name === 'uncertainty' ? info.create({ kinds: 'classification' }) : info.create();
}

const grid = flags.smoke ? [0.002] : [0.002, 0.004, 0.008];
const tuning: { rate: number; score: number }[] = [];
for (const rate of grid) {
  const { validation } = await trained('sum', tasks, rate, seeds[0]!);
  tuning.push({ rate, score: mean(Object.values(validation)) });
}
const rate = tuning.reduce((best, next) => (next.score > best.score ? next : best)).rate;

const runs: Record<string, StudyRun[]> = {};
const seconds: Record<string, number> = {};
for (const method of [...new Set(['sum', 'log', ...names])]) {
  runs[method] = [];
  for (const seed of seeds) {
    const result = await trained(method, tasks, rate, seed);
    runs[method].push({ seed, scores: result.test });
    seconds[method] = (seconds[method] ?? 0) + result.seconds;
  }
}
const single: StudyRun[] = [];
for (const seed of seeds) {
  const [left, right] = [await trained('sum', ['left'], rate, seed), await trained('sum', ['right'], rate, seed)];
  single.push({ seed, scores: { ...left.test, ...right.test } });
}

const units = Object.fromEntries(tasks.map((task) => [task, { higherIsBetter: true }]));
const summary = summarizeStudy({ units, methods: runs, single, baseline: 'sum' });
const alone = summarizeStudy({ units, methods: { alone: single }, baseline: 'alone' })[0]!;
console.log(
  `\n${flags.data}: ${size - held} training pairs, ${steps} steps of 64, learning rate ${rate} (of ${grid.join(', ')}), ${seeds.length} seed(s); accuracy on ${splits.test.sources[0]!.size} test pairs, mean ± standard deviation.\n`,
);
console.log('| method | left | right | Δm % ↓ | mean rank | Δm less that of sum | beyond the seeds’ noise | steps/s |');
console.log('| --- | ---: | ---: | ---: | ---: | ---: | --- | ---: |');
console.log(`| single-task | ${tasks.map((task) => over(alone.units[task]!)).join(' | ')} | 0 | | | | |`);
for (const { method, units: scores, deltaM, meanRank, versus } of summary) {
  const cells = [
    method,
    ...tasks.map((task) => over(scores[task]!)),
    delta(deltaM.mean, deltaM.sd),
    meanRank.toFixed(1),
    method === 'sum' ? '' : delta(versus.difference, versus.half),
    method === 'sum' ? '' : { better: 'better', worse: 'worse', noise: 'no', unknown: 'one seed cannot tell' }[versus.verdict],
    ((steps * seeds.length) / seconds[method]!).toFixed(1),
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
if (flags.data === 'mnist')
  console.log(
    '\nPublished, of 60,000 pairs and another protocol (Sener & Koltun 2018, arXiv:1810.04650, Table 3), left / right: single-task 97.23 / 95.90, uniform 96.46 / 94.99, uncertainty 96.47 / 95.29, GradNorm 96.27 / 94.84, MGDA-UB 97.26 / 95.90.',
  );

function percent(share: number): string {
  return (100 * share).toFixed(2);
}

function over({ mean: value, sd }: { readonly mean: number; readonly sd: number }): string {
  return `${percent(value)}${Number.isFinite(sd) ? ` ± ${percent(sd)}` : ''}`;
}

function delta(value: number, spread: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}${Number.isFinite(spread) ? ` ± ${spread.toFixed(2)}` : ''}`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
