import { evaluate } from '@taskloom/pipeline';
import { startBackend } from '../backend';
import { command } from '../command';
import { dataFiles } from '../data-files';
import { usageError } from '../exit-codes';
import { dataRootOf, openRun } from '../run-folder';
import { evaluationTable } from '../terminal/evaluation';
import { metric, whole } from '../terminal/format';
import { backendName, backendOption, dataRootOption, jsonOption, runOption, say, sayProse, writeJson } from './shared-options';

export const evaluateCommand = command('evaluate', 'Metrics of a run on a split. `--split test` is the only way to the test split.', {
  args: {
    run: runOption,
    split: { type: 'string', description: 'train, validation or test', default: 'validation', valueHint: 'name' },
    'data-root': dataRootOption,
    backend: backendOption,
    json: jsonOption,
  },
  examples: ['taskloom evaluate --run runs/support', 'taskloom evaluate --run runs/support --split test --json'],
  async run(args) {
    const { split } = args;
    if (split !== 'train' && split !== 'validation' && split !== 'test')
      throw usageError(`There is no split '${split}'. It is one of train, validation, test.`);
    const store = openRun(args.run);
    const root = await dataRootOf(args.run!, store, args['data-root']);
    await startBackend(backendName(args.backend));
    const evaluation = await evaluate(store, { split, data: dataFiles(root) });
    if (args.json) writeJson({ run: args.run, split, ...evaluation });
    else {
      say(`On the ${split} split:\n${evaluationTable(evaluation)}\n\nMean of the main metrics: ${metric(evaluation.mean)}`);
      if (evaluation.truncated > 0)
        sayProse(
          `${whole(evaluation.truncated)} row(s) have a text of more than features.maxTokens; what comes after is left out, tags included.`,
        );
    }
    return undefined;
  },
});
