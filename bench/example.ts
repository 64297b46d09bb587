/**
 * Trains an example's config and prints its table: validation, test with 95 % intervals, and the answer that looks at no text. Run:
 *   node examples/run.mjs ../bench/example.ts fdu-mtl|snips-slots|sentence-pairs|goemotions [--smoke] [--no-crf] [--epochs n]
 * --no-crf chooses each tag alone, where the config has a chain of tags.
 */
import { fileURLToPath } from 'node:url';
import { memoryStore } from '@taskloom/core';
import { evaluateBaseline, loadRun, type ResolvedConfig, train } from '@taskloom/pipeline';
import { startBackend } from '../apps/reference/src/backend';
import { loadConfigFile } from '../apps/reference/src/config-file';
import { dataFiles } from '../apps/reference/src/data-files';

const [name = 'fdu-mtl', ...rest] = process.argv.slice(2);
const { config: whole, root } = await loadConfigFile(fileURLToPath(new URL(`../examples/${name}.config.ts`, import.meta.url)));
const epochs = rest.includes('--epochs') ? Number(rest[rest.indexOf('--epochs') + 1]) : whole.training.epochs;
const config: ResolvedConfig = {
  ...whole,
  tasks: rest.includes('--no-crf') ? whole.tasks.map((task) => (task.head === 'tagging' ? { ...task, crf: false } : task)) : whole.tasks,
  training: { ...whole.training, ...(rest.includes('--smoke') ? { epochs: undefined, steps: 5 } : { epochs }) },
};
const data = dataFiles(root);
const backend = await startBackend('wasm');
const store = memoryStore();

const sizes = new Map<string, number>();
let executor = '';
const result = await train(config, {
  store,
  data,
  onProgress(event) {
    if (event.kind === 'execution') executor = event.name;
    if (event.kind === 'data') for (const { tasks, rows } of event.sources) for (const task of tasks) sizes.set(task, rows);
    if (event.kind === 'evaluation') console.error(`  step ${event.step}: validation ${event.evaluation.mean.toFixed(4)}`);
  },
});
const run = await loadRun(store);
const validation = await run.evaluate('validation', { data });
const test = await run.evaluate('test', { data, bootstrap: { samples: 1000 } });
run.dispose();
const majority = await evaluateBaseline(config, 'test', data);

const time = `${Math.floor(result.seconds / 60)}:${String(Math.round(result.seconds % 60)).padStart(2, '0')}`;
console.log(
  `\n${result.parameters.toLocaleString('en')} parameters, ${result.step.toLocaleString('en')} steps, kept: step ${result.keptStep}; ${time} min with evaluations, executor ${executor}, ${backend} backend, seed ${config.seed}.\n`,
);
console.log('| task | training rows | metric | validation | test rows | test | 95 % interval | majority or mean, test |');
console.log('| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |');
for (const [task, { rows, metrics, intervals }] of Object.entries(test.tasks))
  for (const [metric, value] of Object.entries(metrics)) {
    const [low, high] = intervals?.[metric] ?? [Number.NaN, Number.NaN];
    const numbers = [validation.tasks[task]!.metrics[metric]!, value, majority.tasks[task]!.metrics[metric]!].map((x) => x.toFixed(3));
    console.log(
      `| ${task} | ${sizes.get(task)!.toLocaleString('en')} | ${metric} | ${numbers[0]} | ${rows.toLocaleString('en')} | ${numbers[1]} | ${low.toFixed(3)} … ${high.toFixed(3)} | ${numbers[2]} |`,
    );
  }
const [low, high] = test.interval!;
console.log(
  `| **mean** | | | ${validation.mean.toFixed(3)} | | **${test.mean.toFixed(3)}** | ${low.toFixed(3)} … ${high.toFixed(3)} | ${majority.mean.toFixed(3)} |`,
);
