/**
 * TweetEval: one model for all seven tasks beside seven models for one task each, with as many training steps in all. Prints the published rows and ours, with 95 %
 * intervals. Run: node examples/run.mjs ../bench/tweeteval.ts [--smoke] [--part multi|single] [--words] [--one-stance] [--execution compiled|eager]
 * `--one-stance` gives the five targets of stance one head, over the rows of all, in place of five.
 * `--words` leaves out the character n-grams, which take most of the time, and trains for 900 steps.
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
    smoke: { type: 'boolean', default: false },
    part: { type: 'string' },
    steps: { type: 'string' },
    seed: { type: 'string' },
    words: { type: 'boolean', default: false },
    execution: { type: 'string' },
    'one-stance': { type: 'boolean', default: false },
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

const { config, root } = await loadConfigFile(fileURLToPath(new URL('../examples/tweeteval.config.ts', import.meta.url)));
const whole: ResolvedConfig = flags.words
  ? {
      ...config,
      features: {
        kind: 'hashed',
        words: true,
        bigrams: true,
        characters: false,
        start: false,
        acrossWords: false,
        buckets: 32_768,
        signed: false,
        lowercase: true,
        perToken: 12,
        maxTokens: 48,
      },
      trunk: { kind: 'bagOfEmbeddings', width: 32, combiner: 'mean', featureDropout: 0, trainBy: 'rows', dropout: 0.3 },
      training: { ...config.training, steps: 900, learningRate: 0.015, evaluateEvery: 150 },
    }
  : config;
const data = dataFiles(root);
const steps = flags.smoke ? 20 : Number(flags.steps ?? whole.training.steps);
const multi: ResolvedConfig = {
  ...(flags['one-stance'] ? withOneStance(whole) : whole),
  ...(flags.seed ? { seed: Number(flags.seed) } : {}),
  training: { ...whole.training, steps, evaluateEvery: Math.min(steps, whole.training.evaluateEvery ?? steps), checkpointEvery: steps },
};
const backend = await startBackend('wasm');

type Judged = { readonly [split in 'validation' | 'test']: Evaluation };
const results: { readonly name: string; readonly judged: Judged }[] = [];

if (flags.part !== 'single') {
  const { outputs, heads, seconds, parameters, keptStep } = await trained(multi);
  results.push({ name: 'ours, one model', judged: judgedBy(outputs, heads) });
  note(`One model: ${parameters} parameters, ${steps} steps, kept step ${keptStep}, ${minutes(seconds)} with evaluations.`);
}

if (flags.part !== 'multi') {
  const merged = { validation: {}, test: {} } as { [split in 'validation' | 'test']: { [task: string]: TaskOutputs } };
  let heads = {};
  let [total, all] = [0, 0];
  const shares = await stepShares();
  for (const unit of units) {
    const tasks = multi.tasks.filter(({ name }) => name === unit || name.startsWith(`${unit}-`));
    const own = Math.max(1, Math.round(steps * shares[unit]!));
    const { groups: _, ...rest } = multi;
    const alone: ResolvedConfig = {
      ...rest,
      name: unit,
      tasks,
      ...(unit === 'stance' && multi.groups ? { groups: multi.groups } : {}),
      training: { ...multi.training, steps: own, evaluateEvery: Math.max(1, Math.ceil(own / 7)), checkpointEvery: own },
    };
    const done = await trained(alone);
    for (const split of ['validation', 'test'] as const) Object.assign(merged[split], done.outputs[split]);
    heads = { ...heads, ...done.heads };
    total += done.seconds;
    all += done.parameters;
    note(`${unit} alone: ${own} steps, kept step ${done.keptStep}, ${minutes(done.seconds)}.`);
  }
  results.push({ name: 'ours, seven models', judged: judgedBy(merged, heads as Parameters<typeof judge>[0]['heads']) });
  note(`Seven models: ${all} parameters, ${steps} steps in all, ${minutes(total)}.`);
}

console.log(`\nTest, ${backend} backend, ${flags.smoke ? 'smoke run' : `seed ${multi.seed}`}:\n`);
console.log(`| model | ${units.join(' | ')} | mean |\n| --- |${' ---: |'.repeat(units.length + 1)}`);
console.log(
  '| metric | macro F1 | macro F1 | macro F1 | F1 of irony | macro F1 | macro recall | mean F1 of against, favor | of the seven |',
);
for (const [model, scores] of Object.entries(published))
  console.log(`| ${model} | ${scores.map((score) => score.toFixed(1)).join(' | ')} |`);
for (const { name, judged } of results) {
  console.log(`| **${name}** | ${row(judged.test, (value) => `**${percent(value)}**`)} |`);
  console.log(`| 95 % interval | ${row(judged.test, (_, interval) => (interval ? interval.map(percent).join(' … ') : ''))} |`);
  console.log(`| ${name}, validation | ${row(judged.validation, percent)} |`);
}

/** Trains a config; predictions and targets of both splits. */
async function trained(config: ResolvedConfig) {
  const store = memoryStore();
  const { seconds, parameters, keptStep } = await train(config, {
    store,
    data,
    ...(flags.execution ? { execution: flags.execution as Execution } : {}),
    onProgress(event) {
      if (event.kind === 'execution') note(`  ${config.name}: executor ${event.name}`);
      if (event.kind === 'evaluation')
        note(
          `  ${config.name}, step ${event.step}: validation ${percent(event.evaluation.mean)}, stance ${percent(stanceOf(event.evaluation))}`,
        );
    },
  });
  const run = await loadRun(store);
  const outputs = { validation: {}, test: {} } as { [split in 'validation' | 'test']: { [task: string]: TaskOutputs } };
  for (const split of ['validation', 'test'] as const)
    await run.evaluate(split, { data, onOutputs: (task, found) => (outputs[split][task] = found) });
  run.dispose();
  return { outputs, heads: run.model.heads, seconds, parameters, keptStep };
}

function judgedBy(
  outputs: { readonly [split in 'validation' | 'test']: { readonly [task: string]: TaskOutputs } },
  heads: Parameters<typeof judge>[0]['heads'],
): Judged {
  const metrics = Object.fromEntries(multi.tasks.map((task) => [task.name, task.metrics]));
  const of = (split: 'validation' | 'test') =>
    judge({ heads, outputs: outputs[split], metrics, groups: multi.groups, ...(split === 'test' ? { bootstrap: { samples: 1000 } } : {}) });
  return { validation: of('validation'), test: of('test') };
}

/** The five tasks of stance as one, whose metric is then that of the group. */
function withOneStance({ groups, ...rest }: ResolvedConfig): ResolvedConfig {
  const [group] = groups!;
  const five = rest.tasks.filter(({ name }) => group!.tasks.includes(name));
  const files = (split: 'train' | 'validation' | 'test') => five.map((task) => task.data[split] as string);
  const one = { ...five[0]!, name: group!.name, data: { train: files('train'), validation: files('validation'), test: files('test') } };
  return { ...rest, tasks: [...rest.tasks.filter((task) => !five.includes(task)), one] };
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

function row(evaluation: Evaluation, show: (value: number, interval: readonly [number, number] | undefined) => string): string {
  const cells = units.map((unit) => {
    const { metrics, intervals } = evaluation.groups?.[unit] ?? evaluation.tasks[unit]!;
    const [name, value] = Object.entries(metrics)[0]!;
    return show(value, intervals?.[name]);
  });
  return [...cells, show(evaluation.mean, evaluation.interval)].join(' | ');
}

function stanceOf({ groups, tasks }: Evaluation): number {
  return Object.values((groups?.stance ?? tasks.stance)?.metrics ?? {})[0] ?? Number.NaN;
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
