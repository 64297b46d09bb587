import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { resume, type TrainOptions, type TrainResult, train } from '@taskloom/pipeline';
import { startBackend } from '../backend';
import { command } from '../command';
import { commandName, shellWord } from '../command-name';
import { loadConfigFile } from '../config-file';
import { dataFiles } from '../data-files';
import { exitCodes, usageError } from '../exit-codes';
import { onInterrupt } from '../interrupt';
import { dataRootOf, openRun, originOf } from '../run-folder';
import { evaluationTable } from '../terminal/evaluation';
import { duration, metric, whole } from '../terminal/format';
import { progressDisplay } from '../terminal/progress';
import { sparkline } from '../terminal/sparkline';
import { styled } from '../terminal/table';
import { sayInterrupted } from './interrupted';
import {
  backendName,
  backendOption,
  configOption,
  countOption,
  dataRootOption,
  detailsOption,
  executionName,
  executionOption,
  jsonOption,
  runOption,
  say,
  withOverrides,
  writeJson,
} from './shared-options';

export const trainCommand = command('train', 'Train the model that the config describes.', {
  args: {
    config: configOption,
    run: { ...runOption, description: 'Where the run goes (default: runs/<name of the config>)' },
    overwrite: { type: 'boolean', description: 'Replace a run that is there', default: false },
    steps: { type: 'string', description: 'Instead of the steps or epochs in the config', valueHint: 'n' },
    seed: { type: 'string', description: 'Instead of the seed in the config', valueHint: 'n' },
    backend: backendOption,
    execution: executionOption,
    details: detailsOption,
    json: jsonOption,
  },
  examples: ['taskloom train', 'taskloom train --config support.yaml --run runs/support --overwrite', 'taskloom train --steps 200 --json'],
  notes:
    'Ctrl-C saves the state; `taskloom resume` goes on from it, to the very parameters that an uninterrupted training would have given.',
  async run(args) {
    const file = await loadConfigFile(args.config);
    const config = withOverrides(file.config, countOption('steps', args.steps), args.seed);
    const folder = args.run ?? join('runs', config.name);
    if (!args.overwrite && existsSync(join(folder, 'run')))
      throw usageError(
        `There is a run in '${folder}' already.`,
        `Go on with it by \`${commandName()} resume --run ${shellWord(folder)}\`, choose another place by --run, or replace it by --overwrite.`,
      );
    const execution = executionName(args.execution);
    await startBackend(backendName(args.backend));
    return trainWith(folder, args, (options) =>
      train(config, { ...options, execution, data: dataFiles(file.root), origin: originOf(folder, file.root), overwrite: args.overwrite }),
    );
  },
});

export const resumeCommand = command('resume', 'Go on with a training that was interrupted.', {
  args: {
    run: runOption,
    'data-root': dataRootOption,
    backend: backendOption,
    execution: executionOption,
    details: detailsOption,
    json: jsonOption,
  },
  examples: ['taskloom resume --run runs/support'],
  notes:
    'The config is the one stored with the run. The result is the same, bit for bit, as without the interruption, on the same backend and execution.',
  async run(args) {
    const store = openRun(args.run);
    const root = await dataRootOf(args.run!, store, args['data-root']);
    const execution = executionName(args.execution);
    await startBackend(backendName(args.backend));
    return trainWith(args.run!, args, (options) => resume({ ...options, execution, data: dataFiles(root) }));
  },
});

type Common = Pick<TrainOptions, 'store' | 'onProgress' | 'signal'>;

async function trainWith(
  folder: string,
  { json, details }: { readonly json: boolean; readonly details: boolean },
  start: (options: Common) => Promise<TrainResult>,
): Promise<number> {
  const progress = progressDisplay({ quiet: json, details });
  const { signal, release } = onInterrupt('Stopping after this step … (once more to quit at once)');
  try {
    const result = await start({ store: openRun(folder, false), onProgress: progress, signal });
    progress.done();
    if (json) writeJson(summaryOf(folder, result));
    else report(folder, result);
    return result.interrupted ? exitCodes.interrupted : exitCodes.success;
  } finally {
    progress.done();
    release();
  }
}

function report(folder: string, result: TrainResult): void {
  if (result.interrupted) {
    sayInterrupted(folder, result.step);
    return;
  }
  say(
    `\n${styled('bold', 'Trained')} ${whole(result.step)} steps, ${whole(result.parameters)} parameters, in ${duration(result.seconds)}${result.stoppedEarly ? ' (stopped early)' : ''}.`,
  );
  say(`  loss        ${sparkline(result.history.epochs.map(({ loss }) => loss))}  ${metric(result.history.epochs.at(-1)?.loss)}`);
  if (result.validation) {
    say(
      `  validation  ${sparkline(result.history.evaluations.map(({ mean }) => mean))}  ${metric(result.validation.mean)} (kept: step ${whole(result.keptStep)})`,
    );
    say(`\nOn the validation split:\n${evaluationTable(result.validation)}`);
  }
  const [name, run] = [commandName(), shellWord(folder)];
  say(`\nNext:\n  ${name} evaluate --run ${run} --split test\n  ${name} predict --run ${run} --interactive`);
}

function summaryOf(run: string, { config: _, history, ...rest }: TrainResult) {
  return { run, ...rest, evaluations: history.evaluations.map(({ step, mean }) => ({ step, mean })) };
}
