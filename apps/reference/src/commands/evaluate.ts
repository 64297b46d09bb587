import { evaluate } from '@taskloom/pipeline';
import { startBackend } from '../backend';
import { command } from '../command';
import { dataFiles } from '../data-files';
import { usageError } from '../exit-codes';
import { dataRootOf, openRun } from '../run-folder';
import { between, evaluationTable } from '../terminal/evaluation';
import { metric, whole } from '../terminal/format';
import {
  backendName,
  backendOption,
  countOption,
  dataRootOption,
  executionName,
  executionOption,
  jsonOption,
  runOption,
  say,
  sayProse,
  writeJson,
} from './shared-options';

export const evaluateCommand = command('evaluate', 'Metrics of a run on a split. `--split test` is the only way to the test split.', {
  args: {
    run: runOption,
    split: { type: 'string', description: 'train, validation or test', default: 'validation', valueHint: 'name' },
    bootstrap: { type: 'string', description: 'Adds 95 % intervals from so many resamplings of the rows; 1000 is usual', valueHint: 'n' },
    'data-root': dataRootOption,
    backend: backendOption,
    execution: executionOption,
    json: jsonOption,
  },
  examples: ['taskloom evaluate --run runs/support', 'taskloom evaluate --run runs/support --split test --bootstrap 1000 --json'],
  notes:
    'An interval (percentile bootstrap, seeded) says how far a number would move with other rows of the same kind; it knows nothing of other seeds of training. Groups of the config are judged on the predictions of all their tasks, and count once in the mean.',
  async run(args) {
    const { split } = args;
    if (split !== 'train' && split !== 'validation' && split !== 'test')
      throw usageError(`There is no split '${split}'. It is one of train, validation, test.`);
    const samples = countOption('bootstrap', args.bootstrap);
    const execution = executionName(args.execution);
    const store = openRun(args.run);
    const root = await dataRootOf(args.run!, store, args['data-root']);
    await startBackend(backendName(args.backend));
    const evaluation = await evaluate(store, { split, data: dataFiles(root), execution, ...(samples ? { bootstrap: { samples } } : {}) });
    if (args.json) writeJson({ run: args.run, split, ...evaluation });
    else {
      say(
        `On the ${split} split:\n${evaluationTable(evaluation)}\n\nMean of the main metrics: ${metric(evaluation.mean)}${evaluation.interval ? ` ${between(evaluation.interval)}` : ''}`,
      );
      if (evaluation.truncated > 0)
        sayProse(
          `${whole(evaluation.truncated)} row(s) have a text of more than features.maxTokens; what comes after is left out, tags included.`,
        );
    }
    return undefined;
  },
});
