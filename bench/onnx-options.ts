/**
 * ONNX Runtime's session options on training graphs. Each option has a process of its own; they take turns, so that what else the machine does meets
 * all of them.
 *
 *   node examples/run.mjs ../bench/onnx-options.ts [--rounds 9] [--threads 2] [--work transformer|maml]
 */
import '@tensorflow/tfjs-backend-cpu';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setBackend } from '@tensorflow/tfjs-core';
import { compiling } from '../packages/onnx/src/run/executor';
import { nodeRuntime, sessionOptions } from '../packages/onnx/src/run/node';
import { sinusoidStep } from './works/sinusoid';
import { trainBatch, trainStep } from './works/transformer';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    threads: { type: 'string', default: '2' },
    work: { type: 'string', default: 'transformer' },
    child: { type: 'string' },
  },
});
const works = {
  transformer: () => ({ ...trainStep(32), batch: (number: number) => trainBatch(32, number), steps: 2 }),
  maml: () => ({ ...sinusoidStep(), steps: 50 }),
};
/** What differs from the defaults that the table's first row has. */
const variants: { readonly [name: string]: { readonly extra?: object; readonly [option: string]: unknown } } = {
  'our defaults': {},
  'memory pattern on': { enableMemPattern: true },
  'arena on': { enableCpuMemArena: true },
  'no spinning': { extra: { session: { intra_op: { allow_spinning: '0' } } } },
  'spinning as by default': { extra: { session: {} } },
  'spinning for 200 µs': { extra: { session: { intra_op: { spin_duration_us: '200' } } } },
  'spinning ends with the run': { extra: { session: { force_spinning_stop: '1' } } },
  'parallel execution': { executionMode: 'parallel' },
  'optimisation: basic': { graphOptimizationLevel: 'basic' },
  'sums fused with layer normalisation': { extra: { optimization: {} } },
  'without constant folding': { extra: { optimization: { disable_specified_optimizers: 'SkipLayerNormFusion;ConstantFolding' } } },
};

interface Turn {
  readonly step: number;
  readonly processor: number;
  readonly peak: number;
}

if (flags.child === undefined) await table();
else await child(variants[flags.child]!);

async function table(): Promise<void> {
  const run = fileURLToPath(new URL('../examples/run.mjs', import.meta.url));
  const args = [fileURLToPath(import.meta.url), '--threads', flags.threads, '--work', flags.work];
  const children = new Map<string, ChildProcess>();
  const turns = new Map<string, Turn[]>(Object.keys(variants).map((name) => [name, []]));
  for (const name of Object.keys(variants)) {
    const made = fork(run, [...args, '--child', name], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    children.set(name, made);
    await once(made, 'message');
  }
  for (let round = 0; round < Number(flags.rounds); round++)
    for (const [name, each] of children) {
      each.send('turn');
      turns.get(name)!.push((await once(each, 'message'))[0] as Turn);
    }
  for (const each of children.values()) each.kill();
  console.log(
    `${flags.work}, ${flags.threads} threads, ${flags.rounds} rounds; ${cpus()[0]!.model}, ${cpus().length} cores, Node ${process.version}\n`,
  );
  console.log('| options | step, ms: median | least | to the defaults, median of rounds | processor ms a step, median | peak RSS, MB |');
  console.log('| --- | ---: | ---: | ---: | ---: | ---: |');
  const base = turns.get('our defaults')!;
  for (const [name, all] of turns) {
    const steps = all.map(({ step }) => step);
    const ratio = median(all.map(({ step }, round) => step / base[round]!.step));
    console.log(
      `| ${name} | ${median(steps).toFixed(2)} | ${Math.min(...steps).toFixed(2)} | ${ratio.toFixed(2)} | ${median(all.map(({ processor }) => processor)).toFixed(2)} | ${Math.max(...all.map(({ peak }) => peak)).toFixed(0)} |`,
    );
  }
}

async function child({ extra, ...differences }: (typeof variants)[string]): Promise<void> {
  await setBackend('cpu');
  const { step, init, batch, steps } = works[flags.work as keyof typeof works]();
  const defaults = sessionOptions(Number(flags.threads)) as { readonly extra: object };
  const options = { ...defaults, ...differences, extra: { ...defaults.extra, ...extra } };
  const compiled = await compiling('ort', () => nodeRuntime(false), options).compile(step as never, { state: init() as never });
  const next = (number: number) => compiled(batch(number) as never);
  let number = 0;
  for (; number < 3; number++) await next(number);
  process.on('message', async () => {
    const began = performance.now();
    const used = process.cpuUsage();
    for (const end = number + steps; number < end; number++) await next(number);
    const { user, system } = process.cpuUsage(used);
    const turn: Turn = {
      step: (performance.now() - began) / steps,
      processor: (user + system) / 1000 / steps,
      peak: process.resourceUsage().maxRSS / 1024,
    };
    process.send!(turn);
  });
  process.send!('ready');
  await once(process, 'disconnect');
  process.exit();
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}
