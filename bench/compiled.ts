// Compiled steps beside PyTorch's, run in turn. Run: node examples/run.mjs ../bench/compiled.ts [work …] (default: all but wasm) [--alone]
// The work `wasm` is the transformer's step beside the same step run by TensorFlow.js, which takes minutes.
import '@tensorflow/tfjs-backend-cpu';
import { cpus } from 'node:os';
import { eager } from '@taskloom/core';
import { ort } from '@taskloom/onnx';
import { startBackend } from '../apps/reference/src/backend';
import { type Contender, interleaved, type Timing, timed } from './peers/rounds';
import { torchPeer } from './peers/torch';
import { bagStep, bagTables } from './works/bag';
import { convnetStep } from './works/convnet';
import { predictStep } from './works/predict';
import { sinusoidStep } from './works/sinusoid';
import { trainBatch, trainStep } from './works/transformer';

interface Work {
  /** Names of the peer's works. */
  readonly peers: readonly string[];
  readonly steps: number;
  start(): Promise<() => Promise<unknown>>;
  /** Others of our own, which the first is compared with as well. */
  readonly beside?: { readonly [name: string]: () => Promise<() => Promise<unknown>> };
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

/** The transformer's step, operator by operator on TensorFlow.js' WebAssembly backend. */
async function transformerOnWasm() {
  await startBackend('wasm');
  const { step, init, batch } = transformer();
  const train = await eager().compile(step as never, { state: init() as never });
  let number = 0;
  return () => train(batch(number++) as never);
}

const works: { readonly [name: string]: Work } = {
  transformer: {
    peers: ['transformer-train'],
    steps: 3,
    start: simple(transformer),
  },
  wasm: { peers: [], steps: 1, start: simple(transformer), beside: { 'TensorFlow.js wasm': transformerOnWasm } },
  'bag 10k': { peers: ['bag-10k'], steps: 20, start: bag(10_000) },
  'bag 100k': { peers: ['bag-100k'], steps: 20, start: bag(100_000) },
  'bag 500k': { peers: ['bag-500k'], steps: 20, start: bag(500_000) },
  maml: { peers: ['maml-batched', 'maml-loop'], steps: 20, start: simple(sinusoidStep, 1) },
  'predict, one text': { peers: ['transformer-predict'], steps: 20, start: predict('fp32'), beside: { 'Taskloom int8': predict('int8') } },
  convnet: { peers: ['omniglot-train'], steps: 5, start: simple(convnetStep) },
};

const alone = process.argv.includes('--alone');
const chosen = process.argv.slice(2).filter((word) => works[word]);
console.log(`${cpus()[0]!.model}, ${cpus().length} cores, Node ${process.version}\n`);
console.log('| work | contender | median, ms | least, ms | ours / theirs, medians | least |');
console.log('|---|---|---:|---:|---:|---:|');
for (const name of chosen.length > 0 ? chosen : Object.keys(works).filter((name) => name !== 'wasm')) {
  const { peers, steps, start, beside = {} } = works[name]!;
  const step = await start();
  await step();
  const others: Contender[] = [];
  for (const [other, begin] of Object.entries(beside)) others.push(timed(other, await begin()));
  const stops: (() => void)[] = [];
  for (const work of alone ? [] : peers) {
    const peer = await torchPeer(work, [2, 1]);
    if (!peer) continue;
    others.push({ name: `PyTorch ${peer.version}, ${work}, ${peer.threads} threads`, round: (count) => peer.round(count) });
    stops.push(() => peer.stop());
  }
  const [own, ...theirs] = (await interleaved([timed('Taskloom', step), ...others], { steps })) as [Timing, ...Timing[]];
  console.log(row(name, own));
  for (const their of theirs) console.log(row(name, their, own));
  for (const stop of stops) stop();
}
process.exit(0);

function row(work: string, { name, median, minimum }: Timing, own?: Timing): string {
  const ratios = own ? [(own.median / median).toFixed(2), (own.minimum / minimum).toFixed(2)] : ['', ''];
  return `| ${[work, name, median.toFixed(2), minimum.toFixed(2), ...ratios].join(' | ')} |`;
}
