// Compiled steps beside PyTorch's, run in turn. Run: node examples/run.mjs ../bench/compiled.ts [work …] (default: all but wasm) [--alone] [--two-threads]
// The work `wasm` is the transformer's step beside what TensorFlow.js makes of it: as its user writes it (peers/tfjs-peer.ts), and our own step operator by
// operator. It takes minutes; that all three compute the same is printed below the table.
import '@tensorflow/tfjs-backend-cpu';
import { cpus } from 'node:os';
import { eager, type HostArray, hostArray } from '@taskloom/core';
import { ort } from '@taskloom/onnx';
import { env } from 'onnxruntime-node';
import { startBackend } from '../apps/reference/src/backend';
import { type Contender, interleaved, type Timing, timed } from './peers/rounds';
import { tfjsPeer } from './peers/tfjs';
import { torchPeer } from './peers/torch';
import { bagStep, bagTables } from './works/bag';
import { convnetStep } from './works/convnet';
import { predictFromState, predictStep } from './works/predict';
import { sinusoidStep } from './works/sinusoid';
import { trainBatch, trainStep } from './works/transformer';

interface Work {
  /** Names of the peer's works. */
  readonly peers: readonly string[];
  readonly steps: number;
  start(): Promise<() => Promise<unknown>>;
  /** Others of our own, which the first is compared with as well. */
  readonly beside?: { readonly [name: string]: () => Promise<() => Promise<unknown>> };
  /** Said below the table. */
  note?(): Promise<string>;
}

const compiled = (work: { step: unknown; init(): unknown }, threads?: number) =>
  ort(threads === undefined ? {} : { threads }).compile(work.step as never, { state: work.init() as never }) as unknown as Promise<
    (inputs: never) => Promise<unknown>
  >;

const simple = (make: () => { step: unknown; init(): unknown; batch(number: number): unknown }, threads?: number) => async () => {
  const work = make();
  const train = await compiled(work, threads);
  let number = 0;
  return () => train(work.batch(number++) as never);
};

const bag = (rows: number) => async () => {
  const train = await compiled(bagStep());
  const step = bagTables(rows);
  return () => step(train);
};

const predict = (precision: 'fp32' | 'int8') => async () => (await predictStep(precision)).step;

const transformer = () => ({ ...trainStep(32), batch: (number: number) => trainBatch(32, number) });

/** The transformer's step, operator by operator on TensorFlow.js' WebAssembly backend: our layers and gradients. */
async function transformerOnWasm() {
  await startBackend('wasm');
  const { step, init, batch } = transformer();
  const train = await eager().compile(step as never, { state: init() as never });
  let number = 0;
  return () => train(batch(number++) as never);
}

/** As a user of TensorFlow.js writes it. */
async function transformerOfTfjs() {
  const peer = await tfjsPeer(0.1);
  return () => peer.ask(1);
}

/** The first losses without dropout, from the same parameters on one batch: ours and TensorFlow.js'. */
async function firstLosses(): Promise<string> {
  const train = await compiled(trainStep(32, 0));
  const ours: number[] = [];
  for (let number = 0; number < 4; number++) {
    const { loss } = (await train({ ...trainBatch(32, 0), step: hostArray(Float32Array.of(number), []) } as never)) as { loss: HostArray };
    ours.push(loss.data[0]!);
  }
  const peer = await tfjsPeer(0);
  const { losses } = await peer.ask(ours.length);
  peer.stop();
  const differences = losses.map((loss, i) => (Math.abs(loss - ours[i]!) / loss).toExponential(1));
  const list = (values: readonly number[]) => values.map((value) => value.toFixed(5)).join(', ');
  return `Without dropout, on one batch: losses ${list(ours)}; of TensorFlow.js' own ${list(losses)}; differences ${differences.join(', ')}.`;
}

const works: { readonly [name: string]: Work } = {
  transformer: {
    peers: ['transformer-train'],
    steps: 3,
    start: simple(transformer),
  },
  wasm: {
    peers: [],
    steps: 1,
    start: simple(transformer),
    beside: {
      'TensorFlow.js wasm, its own operators and gradients': transformerOfTfjs,
      'our step, operator by operator on TensorFlow.js wasm': transformerOnWasm,
    },
    note: firstLosses,
  },
  'bag 10k': { peers: ['bag-10k'], steps: 20, start: bag(10_000) },
  'bag 100k': { peers: ['bag-100k'], steps: 20, start: bag(100_000) },
  'bag 500k': { peers: ['bag-500k'], steps: 20, start: bag(500_000) },
  maml: { peers: ['maml-batched', 'maml-loop'], steps: 20, start: simple(sinusoidStep, 1) },
  'predict, one text': {
    peers: ['transformer-predict'],
    steps: 20,
    start: predict('fp32'),
    beside: { 'Taskloom int8': predict('int8'), 'Taskloom, weights as inputs': predictFromState },
  },
  convnet: { peers: ['omniglot-train'], steps: 5, start: simple(convnetStep) },
};

const alone = process.argv.includes('--alone');
/** Threads of PyTorch: the faster of these. */
const threads = process.argv.includes('--two-threads') ? [2] : [2, 1];
const chosen = process.argv.slice(2).filter((word) => works[word]);
const { node } = env.versions;
console.log(`${cpus()[0]!.model}, ${cpus().length} cores, Node ${process.version}, onnxruntime-node ${node}\n`);
console.log('| work | contender | median, ms | least, ms | ours / theirs, medians | least |');
console.log('|---|---|---:|---:|---:|---:|');
for (const name of chosen.length > 0 ? chosen : Object.keys(works).filter((name) => name !== 'wasm')) {
  const { peers, steps, start, beside = {}, note } = works[name]!;
  const step = await start();
  await step();
  const others: Contender[] = [];
  for (const [other, begin] of Object.entries(beside)) others.push(timed(other, await begin()));
  const stops: (() => void)[] = [];
  for (const work of alone ? [] : peers) {
    const peer = await torchPeer(work, threads);
    if (!peer) continue;
    others.push({ name: `PyTorch ${peer.version}, ${work}, ${peer.threads} threads`, round: (count) => peer.round(count) });
    stops.push(() => peer.stop());
  }
  const [own, ...theirs] = (await interleaved([timed('Taskloom', step), ...others], { steps })) as [Timing, ...Timing[]];
  console.log(row(name, own));
  for (const their of theirs) console.log(row(name, their, own));
  for (const stop of stops) stop();
  if (note) console.log(`\n${await note()}\n`);
}
process.exit(0);

function row(work: string, { name, median, minimum }: Timing, own?: Timing): string {
  const ratio = (of: number, to: number) => (of / to).toFixed(of < to / 10 ? 3 : 2);
  const ratios = own ? [ratio(own.median, median), ratio(own.minimum, minimum)] : ['', ''];
  return `| ${[work, name, median.toFixed(2), minimum.toFixed(2), ...ratios].join(' | ')} |`;
}
