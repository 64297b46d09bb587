/**
 * TweetEval: one model for all seven tasks beside seven models for one task each, with as many training steps in all. Prints the published rows and ours, over several seeds.
 * Run: node examples/run.mjs ../bench/tweeteval.ts [--seeds 5] [--first 1] [--part multi|single|both] [--steps 400] [--config tweeteval.config.ts] [--validation] [--execution compiled|eager]
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { memoryStore } from '@taskloom/core';
import { type Execution, loadRun, type ResolvedConfig, train } from '@taskloom/pipeline';
import { type Evaluation, judge, type TaskOutputs } from '@taskloom/trainer';
import { startBackend } from '../apps/reference/src/backend';
import { loadConfigFile } from '../apps/reference/src/config-file';
import { dataFiles } from '../apps/reference/src/data-files';

const { values: flags } = parseArgs({
  options: {
    seeds: { type: 'string', default: '5' },
    first: { type: 'string', default: '1' },
    part: { type: 'string', default: 'multi' },
    steps: { type: 'string' },
    config: { type: 'string', default: 'tweeteval.config.ts' },
    validation: { type: 'boolean', default: false },
    execution: { type: 'string' },
  },
});
const units = ['emoji', 'emotion', 'hate', 'irony', 'offensive', 'sentiment', 'stance'] as const;

/** README.md of cardiffnlp/tweeteval: the whole test sets. */
const published: { readonly [model: string]: readonly number[] } = {
  BERTweet: [33.4, 79.3, 56.4, 82.1, 79.5, 73.4, 71.2, 67.9],
  'TimeLMs-2021': [34.0, 80.2, 55.1, 64.5, 82.2, 73.7, 72.9, 66.2],
  'RoBERTa-Retrained': [31.4, 78.5, 52.3, 61.7, 80.5, 72.8, 69.3, 65.2],
  'RoBERTa-Base': [30.9, 76.1, 46.6, 59.7, 79.5, 71.3, 68.0, 61.3],
  'RoBERTa-Twitter': [29.3, 72.0, 49.9, 65.4, 77.1, 69.1, 66.7, 61.4],
  FastText: [25.8, 65.2, 50.6, 63.1, 73.4, 62.9, 65.4, 58.1],
  LSTM: [24.7, 66.0, 52.6, 62.8, 71.7, 58.3, 59.4, 56.5],
  SVM: [29.3, 64.7, 36.7, 61.7, 52.3, 62.9, 67.3, 53.5],
};

const { config, root } = await loadConfigFile(fileURLToPath(new URL(`../examples/${flags.config}`, import.meta.url)));
const data = dataFiles(root);
const steps = Number(flags.steps ?? config.training.steps);
const multi: ResolvedConfig = { ...config, training: { ...config.training, steps, checkpointEvery: steps } };
await startBackend('wasm');

type Judged = { readonly [split in Split]?: Evaluation };
type Split = 'validation' | 'test';
/** The test rows are looked at when the settings stand. */
const splits: readonly Split[] = flags.validation ? ['validation'] : ['test', 'validation'];
const results: { readonly [model: string]: Judged[] } = { 'one model': [], 'seven models': [] };
const times: number[] = [];

for (let seed = Number(flags.first); seed < Number(flags.first) + Number(flags.seeds); seed++) {
  if (flags.part !== 'single') {
    const { outputs, heads, seconds, parameters, processor } = await trained({ ...multi, seed });
    const judged = judgedBy(outputs, heads);
    results['one model']!.push(judged);
    times.push(seconds);
    note(
      `Seed ${seed}, one model: ${parameters} parameters, ${steps} steps, ${minutes(seconds)}, ${minutes(processor)} of processor: ${cells(judged[splits[0]!]!).map(percent).join(' ')}`,
    );
  }
  if (flags.part !== 'multi') results['seven models']!.push(await sevenModels(seed));
}

console.log(`\n${flags.validation ? 'Validation' : 'Test'}, ${flags.seeds} seeds from ${flags.first}, mean ± standard deviation:\n`);
console.log(`| model | ${units.join(' | ')} | mean |\n| --- |${' ---: |'.repeat(units.length + 1)}`);
console.log(
  '| metric | macro F1 | macro F1 | macro F1 | F1 of irony | macro F1 | macro recall | mean F1 of against, favor | of the seven |',
);
for (const [model, scores] of Object.entries(published))
  console.log(`| ${model} | ${scores.map((score) => score.toFixed(1)).join(' | ')} |`);
for (const [name, judged] of Object.entries(results)) {
  if (judged.length === 0) continue;
  for (const split of splits) {
    const label = split === 'test' ? `**ours, ${name}**` : `ours, ${name}, validation`;
    console.log(`| ${label} | ${over(judged.map((one) => cells(one[split]!))).join(' | ')} |`);
  }
}
for (const [name, judged] of Object.entries(results))
  if (judged.length > 0 && !flags.validation) {
    const interval = judged[0]!.test!.interval!.map(percent).join(' … ');
    console.log(`\n${name}, seed ${flags.first}: the mean's 95 % interval over test rows is ${interval}.`);
  }
if (times.length > 0)
  console.log(`\nTraining of one model: ${minutes(times.reduce((a, b) => a + b, 0) / times.length)} by the clock, mean.`);

/** A model for each task, with the steps that the one model's sampler gives to it. */
async function sevenModels(seed: number): Promise<Judged> {
  const merged = { validation: {}, test: {} } as { [split in Split]: { [task: string]: TaskOutputs } };
  let heads = {};
  let total = 0;
  const shares = await stepShares();
  for (const unit of units) {
    const tasks = multi.tasks.filter(({ name }) => name === unit || name.startsWith(`${unit}-`));
    const own = Math.max(1, Math.round(steps * shares[unit]!));
    const { groups: _, ...rest } = multi;
    const alone: ResolvedConfig = {
      ...rest,
      name: unit,
      seed,
      tasks,
      ...(unit === 'stance' && multi.groups ? { groups: multi.groups } : {}),
      training: { ...multi.training, steps: own, checkpointEvery: own },
    };
    const done = await trained(alone);
    for (const split of splits) Object.assign(merged[split], done.outputs[split]);
    heads = { ...heads, ...done.heads };
    total += done.seconds;
  }
  const judged = judgedBy(merged, heads as Parameters<typeof judge>[0]['heads']);
  note(`Seed ${seed}, seven models: ${minutes(total)}: ${cells(judged[splits[0]!]!).map(percent).join(' ')}`);
  return judged;
}

/** Trains a config; predictions and targets of both splits. */
async function trained(config: ResolvedConfig) {
  const store = memoryStore();
  const before = process.cpuUsage();
  const { seconds, parameters } = await train(config, {
    store,
    data,
    ...(flags.execution ? { execution: flags.execution as Execution } : {}),
  });
  const { user, system } = process.cpuUsage(before);
  const run = await loadRun(store);
  const outputs = { validation: {}, test: {} } as { [split in Split]: { [task: string]: TaskOutputs } };
  for (const split of splits) await run.evaluate(split, { data, onOutputs: (task, found) => (outputs[split][task] = found) });
  run.dispose();
  return { outputs, heads: run.model.heads, seconds, parameters, processor: (user + system) / 1e6 };
}

function judgedBy(
  outputs: { readonly [split in Split]: { readonly [task: string]: TaskOutputs } },
  heads: Parameters<typeof judge>[0]['heads'],
): Judged {
  const metrics = Object.fromEntries(multi.tasks.map((task) => [task.name, task.metrics]));
  const of = (split: Split) =>
    judge({ heads, outputs: outputs[split], metrics, groups: multi.groups, ...(split === 'test' ? { bootstrap: { samples: 1000 } } : {}) });
  return Object.fromEntries(splits.map((split) => [split, of(split)]));
}

async function rowsIn(files: string | readonly string[]): Promise<number> {
  const parts = await Promise.all([files].flat().map((file) => data.rows(file)));
  return parts.reduce((sum, rows) => sum + rows.length, 0);
}

/** The fraction of the rows that the sampler of the one model draws from each task. */
async function stepShares(): Promise<{ readonly [unit: string]: number }> {
  const weights = await Promise.all(
    multi.tasks.map(async ({ name, data: files }) => [name, (await rowsIn(files.train)) ** (1 / multi.training.temperature)] as const),
  );
  const sum = weights.reduce((total, [, weight]) => total + weight, 0);
  return Object.fromEntries(
    units.map((unit) => [
      unit,
      weights.filter(([name]) => name === unit || name.startsWith(`${unit}-`)).reduce((total, [, weight]) => total + weight, 0) / sum,
    ]),
  );
}

/** The score of each unit, then their mean. */
function cells({ groups, tasks, mean }: Evaluation): number[] {
  return [...units.map((unit) => Object.values((groups?.[unit] ?? tasks[unit])!.metrics)[0]!), mean];
}

/** Mean ± standard deviation of each column. */
function over(rows: readonly (readonly number[])[]): string[] {
  return rows[0]!.map((_, column) => {
    const values = rows.map((row) => row[column]!);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1));
    return values.length > 1 ? `${percent(mean)} ± ${percent(deviation)}` : percent(mean);
  });
}

function percent(value: number): string {
  return (100 * value).toFixed(1);
}

function minutes(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, '0')} min`;
}

function note(line: string): void {
  console.error(line);
}
