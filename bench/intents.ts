/**
 * Four public intent and question sets, one model with four heads: accuracy over several seeds, and the time of its answers. Run:
 * node examples/run.mjs ../bench/intents.ts [--seeds 5] [--first 1] [--held-out] [--config intents.config.ts] [--out folder]
 * `--held-out` holds out a tenth of Banking77 and TREC and reads no test split: for choosing settings. `--out` gets the predictions on the test split.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { memoryStore } from '@taskloom/core';
import { exportRun, loadRun, openExport, type ResolvedConfig, train } from '@taskloom/pipeline';
import type { TaskOutputs } from '@taskloom/trainer';
import { startBackend } from '../apps/reference/src/backend';
import { loadConfigFile } from '../apps/reference/src/config-file';
import { dataFiles } from '../apps/reference/src/data-files';

const { values: flags } = parseArgs({
  options: {
    seeds: { type: 'string', default: '5' },
    first: { type: 'string', default: '1' },
    config: { type: 'string', default: 'intents.config.ts' },
    out: { type: 'string' },
    'held-out': { type: 'boolean', default: false },
  },
});
const { config, root } = await loadConfigFile(fileURLToPath(new URL(`../examples/${flags.config}`, import.meta.url)));
const data = dataFiles(root);
await startBackend('wasm');

interface Answers {
  readonly labels: readonly string[];
  readonly predicted: readonly number[];
  readonly target: readonly number[];
}
/** What is counted of each task: rows by their true label. */
const columns: readonly { readonly name: string; readonly task: string; readonly counts: (label: string) => boolean }[] = [
  { name: 'CLINC150, in scope', task: 'clinc150', counts: (label) => label !== 'oos' },
  { name: 'CLINC150, out-of-scope recall', task: 'clinc150', counts: (label) => label === 'oos' },
  { name: 'Banking77', task: 'banking77', counts: () => true },
  { name: 'SNIPS', task: 'snips', counts: () => true },
  { name: 'TREC', task: 'trec', counts: () => true },
];
const fourOf = [0, 2, 3, 4];
const split = flags['held-out'] ? 'validation' : 'test';
const table: number[][] = [];
const cpu: number[] = [];
const wall: number[] = [];
for (let seed = Number(flags.first); seed < Number(flags.first) + Number(flags.seeds); seed++) {
  const store = memoryStore();
  const before = process.cpuUsage();
  const { seconds, parameters, step } = await train(seeded(seed), { store, data });
  const { user, system } = process.cpuUsage(before);
  wall.push(seconds);
  cpu.push((user + system) / 1e6);
  const run = await loadRun(store);
  const answers: Record<string, Answers> = {};
  await run.evaluate(split, { data, onOutputs: (task, outputs) => (answers[task] = answersOf(outputs)) });
  run.dispose();
  const accuracies = columns.map(({ task, counts }) => accuracy(answers[task]!, counts));
  table.push([...accuracies, fourOf.reduce((sum, column) => sum + accuracies[column]! / 4, 0)]);
  if (flags.out) {
    mkdirSync(flags.out, { recursive: true });
    writeFileSync(join(flags.out, `seed-${seed}.json`), JSON.stringify(answers));
  }
  console.error(
    `seed ${seed}: ${step} steps, ${parameters} parameters, ${wall.at(-1)!.toFixed(0)} s by the clock, ${cpu.at(-1)!.toFixed(0)} s of processor: ${table.at(-1)!.map(percent).join(' ')}`,
  );
  if (seed === Number(flags.first)) await timeOf(store);
}

console.log(`\n${split}, ${table.length} seeds\n`);
console.log(`| | ${columns.map(({ name }) => name).join(' | ')} | mean of the four |\n| --- |${' ---: |'.repeat(columns.length + 1)}`);
for (const [i, row] of table.entries()) console.log(`| seed ${Number(flags.first) + i} | ${row.map(percent).join(' | ')} |`);
const stacked = table[0]!.map((_, column) => table.map((row) => row[column]!));
console.log(`| mean ± sd | ${stacked.map((values) => `${percent(mean(values))} ± ${percent(deviation(values))}`).join(' | ')} |`);
console.log(`\nTraining: ${mean(wall).toFixed(0)} s by the clock, ${mean(cpu).toFixed(0)} s of processor time, means.`);

function seeded(seed: number): ResolvedConfig {
  const tasks = flags['held-out']
    ? config.tasks.map((task) => (task.data.validation === undefined ? { ...task, data: { ...task.data, validation: 0.1 } } : task))
    : config.tasks;
  return { ...config, seed, tasks };
}

/** One text through all heads, and many in batches, on the exported models. */
async function timeOf(store: ReturnType<typeof memoryStore>): Promise<void> {
  const { files, models } = await exportRun(store, { precisions: ['fp32', 'int8'], data });
  const texts = (await data.rows(config.tasks.find(({ name }) => name === 'banking77')!.data.test as string)).map(({ text }) =>
    String(text),
  );
  console.log('Answers of the exported model, one thread, all heads:');
  for (const { precision, file, bytes, agreement, evaluation } of models) {
    const model = await openExport(files[file]!, files, { threads: 1 });
    await model.predict(texts.slice(0, 200));
    const single: number[] = [];
    for (const text of texts.slice(0, 500)) single.push(await milliseconds(() => model.predict([text])));
    const bulk: number[] = [];
    for (let round = 0; round < 3; round++) bulk.push((await milliseconds(() => model.predict(texts))) / texts.length);
    model.dispose();
    single.sort((a, b) => a - b);
    bulk.sort((a, b) => a - b);
    const judged = Object.entries(evaluation!.tasks).map(([task, { metrics }]) => [task, Object.values(metrics)[0]!] as const);
    const shown = judged.flatMap(([task, value]) => (Number.isNaN(value) ? [] : [`${task} ${percent(value)}`]));
    console.log(
      `${precision}, ${(bytes / 1e6).toFixed(1)} MB: one text ${single[250]!.toFixed(2)} ms (median of 500; p95 ${single[475]!.toFixed(2)}), ${bulk[1]!.toFixed(3)} ms a text of ${texts.length} in batches of 64 (median of 3; ${bulk[0]!.toFixed(3)} at least); ${percent(agreement!.same)} % of answers as the run's; validation: ${shown.join(', ')}.`,
    );
  }
}

function answersOf({ labels, batches }: TaskOutputs): Answers {
  const all = (of: (batch: TaskOutputs['batches'][number]) => unknown) =>
    batches.flatMap((batch) => [...(of(batch) as { readonly data: Int32Array }).data]);
  return { labels: labels!, predicted: all(({ predictions }) => predictions.label), target: all(({ target }) => target) };
}

function accuracy({ labels, predicted, target }: Answers, counts: (label: string) => boolean): number {
  const rows = target.flatMap((label, i) => (counts(labels[label]!) ? [predicted[i] === label ? 1 : 0] : []));
  return mean(rows);
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / Math.max(1, values.length - 1));
}

function percent(value: number): string {
  return (100 * value).toFixed(2);
}
