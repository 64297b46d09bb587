import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ResolvedConfig } from '@taskloom/pipeline';
import { startBackend } from '../backend';
import { command } from '../command';
import { type Asked, methodsFrom } from '../compare/methods';
import { type ComparisonPlan, study, trialCount } from '../compare/study';
import { removeTrials, trials } from '../compare/trials';
import { loadConfigFile } from '../config-file';
import { dataFiles } from '../data-files';
import { exitCodes, usageError } from '../exit-codes';
import { onInterrupt } from '../interrupt';
import { duration, whole } from '../terminal/format';
import { type ProgressDisplay, progressDisplay } from '../terminal/progress';
import { studyReport } from '../terminal/study';
import {
  backendName,
  backendOption,
  configOption,
  countOption,
  executionName,
  executionOption,
  jsonOption,
  runOption,
  say,
  sayProse,
  withOverrides,
  writeJson,
} from './shared-options';

export const compareCommand = command(
  'compare',
  'Does balancing help? Single-task models, a tuned sum and other methods on one budget, with seeds.',
  {
    args: {
      config: configOption,
      methods: {
        type: 'string',
        description: 'Balancers, with options as in cagrad:c=0.2; the baselines sum and log are always among them',
        default: 'uncertainty',
        valueHint: 'a,b,…',
      },
      seeds: { type: 'string', description: "Trainings of each method, from the config's seed on", default: '3', valueHint: 'n' },
      grid: { type: 'string', description: "Factors of the config's learning rate to choose from", default: '0.3,1,3', valueHint: 'f,…' },
      tune: {
        type: 'string',
        description: 'sum: the others take its rate; all: each method gets the grid',
        default: 'sum',
        valueHint: 'who',
      },
      single: { type: 'boolean', description: 'Train models for single tasks too (--no-single leaves them out)', default: true },
      split: { type: 'string', description: 'What is reported: validation or test', default: 'validation', valueHint: 'name' },
      steps: { type: 'string', description: 'Instead of the steps or epochs in the config', valueHint: 'n' },
      'sources-per-step': { type: 'string', description: "Instead of the config's: a number, or all", valueHint: 'n' },
      run: { ...runOption, description: 'Where the trainings go (default: runs/compare-<name of the config>)' },
      overwrite: { type: 'boolean', description: 'Begin anew, without the trainings that are there', default: false },
      backend: backendOption,
      execution: executionOption,
      json: jsonOption,
    },
    examples: [
      'taskloom compare --methods uncertainty,pcgrad',
      'taskloom compare --methods famo,nashMtl --seeds 5 --tune all --sources-per-step all --split test',
    ],
    notes:
      'All methods have the same steps, rows and seeds; weights of tasks in the config are the sum’s, the others find their own; a single-task model has as many steps as show it the rows that it sees among the others. Learning rates, and the step whose parameters are kept, are chosen on the validation split, by the first seed. Δm is the mean relative loss of score against the single-task models, less is better. A difference from the sum counts where the 95 % interval of Welch’s test over seeds leaves 0 out. Memory is the most that the whole process held while a method trained, with what earlier trainings left in it: to compare it, give each method a comparison of its own. Ctrl-C keeps what is finished; the same command goes on.',
    async run(args) {
      const { split, tune } = args;
      if (split !== 'validation' && split !== 'test') throw usageError(`There is no split '${split}' to report. It is validation or test.`);
      if (tune !== 'sum' && tune !== 'all') throw usageError(`--tune is sum or all, and is '${tune}'.`);
      const methods = methodsFrom(args.methods);
      const file = await loadConfigFile(args.config);
      const config = withSources(withOverrides(file.config, countOption('steps', args.steps), undefined), args['sources-per-step']);
      checkTogether(config, methods);
      const folder = args.run ?? join('runs', `compare-${config.name}`);
      const execution = executionName(args.execution);
      const seeds = Array.from({ length: countOption('seeds', args.seeds)! }, (_, i) => config.seed + i);
      const data = dataFiles(file.root);
      const plan: ComparisonPlan = { config, data, methods, seeds, grid: gridFrom(args.grid), tune, single: args.single };
      await startBackend(backendName(args.backend));
      if (args.overwrite) await removeTrials(folder);
      else if (existsSync(join(folder, 'run')))
        throw usageError(`'${folder}' is a run, not a comparison.`, 'Choose another place by --run.');

      const began = performance.now();
      const count = trialCount(plan);
      const { signal, release } = onInterrupt('Stopping after this step … (once more to quit at once)');
      const started = new Map<string, ProgressDisplay>();
      const begun = new Set<string>();
      const told = new Set<string>();
      const run = trials({
        folder,
        data,
        split,
        execution,
        signal,
        onProgress(id, event) {
          if (!started.has(id)) started.set(id, progressDisplay({ label: `${begun.size}/${count} ${id} `, quiet: args.json, told }));
          started.get(id)!(event);
        },
      });
      try {
        const result = await study(plan, async (id, own) => {
          begun.add(id);
          try {
            return await run(id, own);
          } finally {
            started.get(id)?.done();
          }
        });
        if (!result) {
          if (args.json) writeJson({ run: folder, interrupted: true, trainings: count });
          else say(`Interrupted; what is finished is kept in ${folder}. The same command goes on.`);
          return exitCodes.interrupted;
        }
        if (args.json) writeJson({ run: folder, split, interrupted: false, ...result });
        else {
          say(
            `\nOn the ${split} split, ${whole(result.steps)} steps, ${seeds.length} seed${seeds.length === 1 ? '' : 's'}, mean ± standard deviation:\n`,
          );
          say(studyReport(result));
          sayProse(`\n${count} trainings in ${folder}, ${duration((performance.now() - began) / 1000)}.`);
        }
        return exitCodes.success;
      } finally {
        release();
      }
    },
  },
);

function withSources(config: ResolvedConfig, given: string | undefined): ResolvedConfig {
  if (given === undefined) return config;
  const sourcesPerStep = given === 'all' ? 'all' : countOption('sources-per-step', given)!;
  return { ...config, training: { ...config.training, sourcesPerStep } };
}

/** A balancer of gradients has nothing to balance where each step sees one task. */
function checkTogether({ tasks, training }: ResolvedConfig, methods: readonly Asked[]): void {
  if (training.sourcesPerStep !== 1) return;
  const files = tasks.map(({ data }) => JSON.stringify(data.train));
  if (new Set(files).size < tasks.length) return;
  const others = methods.filter(({ balancer }) => !['sum', 'mean', 'log', 'uncertainty', 'dynamicWeightAverage'].includes(balancer));
  if (others.length > 0 && tasks.length > 1)
    throw usageError(
      `Each step sees one task, and ${others.map(({ label }) => `'${label}'`).join(', ')} can only balance tasks that are in the same step.`,
      'Give --sources-per-step all, or a number.',
    );
}

function gridFrom(text: string): readonly number[] {
  const factors = text.split(',').map(Number);
  if (factors.length === 0 || factors.some((factor) => !(Number.isFinite(factor) && factor > 0)))
    throw usageError(`--grid is a list of positive factors such as 0.3,1,3, and is '${text}'.`);
  return [...new Set(factors)];
}
