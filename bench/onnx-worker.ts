/**
 * What an event loop feels of training: the time between the ticks of a 1 ms timer while nothing happens, while a compiled step trains on the same
 * thread, and while it trains in a worker; and what a step costs there.
 *
 *   node examples/run.mjs ../bench/onnx-worker.ts [--seconds 10]
 */
import '@tensorflow/tfjs-backend-cpu';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { ort } from '@taskloom/onnx';
import { setBackend } from '@tensorflow/tfjs-core';
import { sinusoidStep } from './works/sinusoid';
import { trainBatch, trainStep } from './works/transformer';

const { values: flags } = parseArgs({ options: { seconds: { type: 'string', default: '10' } } });
const milliseconds = 1000 * Number(flags.seconds);
type Step = (batch: never) => Promise<unknown>;

await setBackend('cpu');
console.log(`${cpus()[0]!.model}, ${cpus().length} cores, Node ${process.version}, load before ${loadavg()[0]!.toFixed(1)}\n`);
console.log(
  '| work | where | threads | ticks, ms: median | p99 | longest | step, ms: median |\n| --- | --- | ---: | ---: | ---: | ---: | ---: |',
);
await measure('nothing', 'this thread', 0, undefined);
const works = {
  transformer: () => ({ ...trainStep(32), batch: (number: number) => trainBatch(32, number) }),
  maml: sinusoidStep,
};
for (const [name, make] of Object.entries(works))
  for (const threads of [1, 2])
    for (const worker of [false, true]) {
      const { step, init, batch } = make();
      const compiled = await ort({ threads, worker }).compile(step as never, { state: init() as never });
      let number = 0;
      const next = () => (compiled as Step)(batch(number++) as never);
      await next();
      await measure(name, worker ? 'a worker' : 'this thread', threads, next);
      compiled.dispose();
    }
process.exit(0);

async function measure(work: string, where: string, threads: number, step: (() => Promise<unknown>) | undefined): Promise<void> {
  const ticks: number[] = [];
  const steps: number[] = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    ticks.push(now - last);
    last = now;
  }, 1);
  const end = last + milliseconds;
  if (!step) await new Promise((resolve) => setTimeout(resolve, milliseconds));
  else
    while (performance.now() < end) {
      const began = performance.now();
      await step();
      steps.push(performance.now() - began);
    }
  clearInterval(timer);
  const quantile = (values: number[], q: number) => values.sort((a, b) => a - b)[Math.floor(q * (values.length - 1))];
  const cells = [quantile(ticks, 0.5), quantile(ticks, 0.99), quantile(ticks, 1), quantile(steps, 0.5)];
  console.log(`| ${work} | ${where} | ${threads || ''} | ${cells.map((cell) => cell?.toFixed(2) ?? '').join(' | ')} |`);
}
