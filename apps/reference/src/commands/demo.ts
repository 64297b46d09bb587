import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type CheckpointStore, memoryStore } from '@taskloom/core';
import { type Config, evaluate, evaluateBaseline, loadRun, type PredictInput, train } from '@taskloom/pipeline';
import type { Evaluation } from '@taskloom/trainer';
import { startBackend } from '../backend';
import { command } from '../command';
import { commandName, shellWord } from '../command-name';
import { comparisonTable, verdict } from '../comparison';
import { dataFiles } from '../data-files';
import { exitCodes } from '../exit-codes';
import { onInterrupt } from '../interrupt';
import { openRun, originOf } from '../run-folder';
import { supportConfig } from '../support-config';
import { supportDataFolder } from '../support-data';
import { duration, whole } from '../terminal/format';
import { showPrediction } from '../terminal/prediction';
import { progressDisplay } from '../terminal/progress';
import { styled, terminalColumns } from '../terminal/table';
import { wrap } from '../terminal/wrap';
import { sayInterrupted } from './interrupted';
import {
  backendName,
  backendOption,
  countOption,
  executionName,
  executionOption,
  jsonOption,
  runOption,
  say,
  writeJson,
} from './shared-options';

const messages = [
  'The headphones from order TL-20931 still have not come, and I leave for Lisbon on Friday. Please hurry!',
  'You charged me 49.90 euros twice for the same kettle. I want my money back today.',
  'Just wanted to say thanks, the new lamp looks lovely in our hall.',
];
const pair = { a: 'Where is my parcel? It was due on Monday.', b: 'My package should have arrived Monday, any news?' };

export const demoCommand = command(
  'demo',
  'What `npm start` shows: one model learns five tasks on support messages, beside five that learn one each.',
  {
    args: {
      run: { ...runOption, default: join('runs', 'demo'), description: 'Where the run goes; a run that is there is replaced' },
      steps: { type: 'string', description: 'Updates of the one model, and of the five together', valueHint: 'n' },
      backend: backendOption,
      execution: executionOption,
      json: jsonOption,
    },
    examples: ['taskloom demo', 'taskloom demo --steps 100 --json'],
    async run(args) {
      const print = args.json ? () => {} : say;
      const began = performance.now();
      const [name, runWord] = [commandName(), shellWord(args.run)];
      const execution = executionName(args.execution);
      const backend = await startBackend(backendName(args.backend));
      const config = withSteps(supportConfig, countOption('steps', args.steps) ?? supportConfig.training!.steps!);
      const root = supportDataFolder();
      const data = dataFiles(root);
      const { signal, release } = onInterrupt('Stopping …');
      const told = new Set<string>();
      const fitTo = async (store: CheckpointStore, own: Config, label: string, folder?: string) => {
        const progress = progressDisplay({ label, quiet: args.json, told });
        try {
          return await train(own, {
            store,
            data,
            signal,
            execution,
            onProgress: progress,
            ...(folder === undefined ? {} : { origin: originOf(folder, root) }),
          });
        } finally {
          progress.done();
        }
      };
      try {
        // One model for all tasks.
        const welcome = `${styled('bold', 'Taskloom')}: one small model learns five tasks on customer-support messages.`;
        print(`${wrap(welcome, terminalColumns(), 0)}\n`);
        await rm(args.run, { recursive: true, force: true });
        const store = openRun(args.run, false);
        const result = await fitTo(store, config, '', args.run);
        if (result.interrupted) {
          if (!args.json) sayInterrupted(args.run, result.step);
          return exitCodes.interrupted;
        }
        print(`One model: ${whole(result.parameters)} parameters, ${whole(result.step)} steps, ${duration(result.seconds)}.\n`);

        // The baselines: five models with the same budget together, and the most frequent label.
        const each = Math.max(1, Math.round(config.training!.steps! / config.tasks.length));
        print(`Now five models for one task each, ${whole(each)} steps each: the same budget together.`);
        const alone: { [split in 'validation' | 'test']: Record<string, Evaluation['tasks'][string]> } = { validation: {}, test: {} };
        let secondsAlone = 0;
        for (const task of config.tasks) {
          const single = memoryStore();
          const trained = await fitTo(single, withSteps({ ...config, tasks: [task] }, each), `  ${task.name.padEnd(10)} `);
          if (trained.interrupted) {
            print(
              `Interrupted; the one model is in ${args.run}. Use it: ${styled('bold', `${name} predict --run ${runWord} --interactive`)}`,
            );
            return exitCodes.interrupted;
          }
          secondsAlone += trained.seconds;
          for (const split of ['validation', 'test'] as const) Object.assign(alone[split], (await evaluate(single, { split, data })).tasks);
        }
        print(`Five models: ${duration(secondsAlone)}.\n`);

        // Judge.
        const together = { validation: await evaluate(store, { split: 'validation', data }), test: undefined as Evaluation | undefined };
        print(styled('dim', `$ ${name} evaluate --run ${runWord} --split test`));
        together.test = await evaluate(store, { split: 'test', data });
        const majority = {
          validation: await evaluateBaseline(config, 'validation', data),
          test: await evaluateBaseline(config, 'test', data),
        };
        const splits = {
          validation: { majority: majority.validation.tasks, alone: alone.validation, together: together.validation.tasks },
          test: { majority: majority.test.tasks, alone: alone.test, together: together.test.tasks },
        };
        const seconds = (performance.now() - began) / 1000;
        if (args.json) {
          writeJson({
            run: args.run,
            backend,
            parameters: result.parameters,
            steps: result.step,
            seconds,
            secondsTogether: result.seconds,
            secondsAlone,
            ...splits,
          });
          return undefined;
        }
        print(`${comparisonTable(splits)}\n\n${wrap(verdict(splits.test), terminalColumns(), 0)}\n`);

        // Use.
        const run = await loadRun(store);
        try {
          const inputs: PredictInput[] = [...messages, pair];
          const answers = await run.predict(inputs);
          for (const [i, message] of messages.entries()) print(`${showPrediction(message, answers[i]!, run.tasks)}\n`);
          print(`${showPrediction(`${pair.a} ↔ ${pair.b}`, answers[messages.length]!, run.tasks)}\n`);
        } finally {
          run.dispose();
        }
        print(`All in ${duration(seconds)}. ${styled('bold', 'Now you:')}`);
        print(`  ${name} predict --run ${runWord} --interactive`);
        print(`  ${name} predict --run ${runWord} "Where is my order TL-20931?"`);
        print(`  ${name} inspect --run ${runWord}`);
        print(`  ${name} init my-project`);
        return undefined;
      } finally {
        release();
      }
    },
  },
);

function withSteps(config: Config, steps: number): Config {
  return { ...config, training: { ...config.training, steps, evaluateEvery: Math.max(1, Math.ceil(steps / 10)) } };
}
