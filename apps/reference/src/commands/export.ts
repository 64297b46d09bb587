import { exportRun, type Precision, precisions, type RunExport } from '@taskloom/pipeline';
import { startBackend } from '../backend';
import { command } from '../command';
import { commandName, shellWord } from '../command-name';
import { dataFiles } from '../data-files';
import { usageError } from '../exit-codes';
import { assertFree, writeExportFolder } from '../export-folder';
import { dataRootOf, openRun } from '../run-folder';
import { metric, whole, words } from '../terminal/format';
import { table } from '../terminal/table';
import { backendName, backendOption, dataRootOption, jsonOption, runOption, say, sayProse, writeJson } from './shared-options';

export const exportCommand = command('export', 'Write a run as ONNX models, which any ONNX runtime can ask.', {
  args: {
    run: runOption,
    out: { type: 'string', alias: 'o', description: 'The folder to write', valueHint: 'folder', required: false },
    precision: {
      type: 'string',
      alias: 'p',
      description: `${precisions.join(', ')}, or several with commas between: a model for each`,
      default: 'fp32',
      valueHint: 'names',
    },
    licence: { type: 'string', description: "The model's licence, an SPDX name for example", valueHint: 'name' },
    judge: {
      type: 'boolean',
      description: 'Judge the models on the validation split beside the run (--no-judge: not)',
      default: true,
    },
    'data-root': dataRootOption,
    backend: backendOption,
    json: jsonOption,
  },
  examples: [
    'taskloom export --run runs/support --out support-model --licence Apache-2.0',
    'taskloom export --run runs/support --out support-model --precision fp32,int8',
    'taskloom predict --model support-model "Where is my parcel?"',
  ],
  notes:
    "The folder gets model.onnx (fp32), model.fp16.onnx or model.int8.onnx, labels.json, features.json (and tokenizer.json), config.json, and README.md, a card of the model. fp16 halves the file; int8 makes it a quarter and faster. Models take any number of texts. `taskloom predict` reads the first maxTokens tokens of each, as the run does; whoever asks the file of a transformer in another way has to cut longer ones there too. The command compares their answers to about 100 validation rows with the run's, and fails if those of fp32 differ.",
  async run(args) {
    const chosen = precisionsOf(args.precision);
    if (args.out === undefined || args.out === '') throw usageError('Where to? Name a folder with --out.');
    const store = openRun(args.run);
    await assertFree(args.out);
    const root = args.judge ? await dataRootOf(args.run!, store, args['data-root']) : undefined;
    await startBackend(backendName(args.backend));
    const made = await exportRun(store, {
      precisions: chosen,
      ...(args.licence === undefined ? {} : { licence: args.licence }),
      ...(root === undefined ? {} : { data: dataFiles(root) }),
      onProgress: (doing) => void (args.json || process.stderr.write(`${doing} …\n`)),
    });
    await writeExportFolder(args.out, made.files);
    if (args.json)
      writeJson({
        run: args.run,
        out: args.out,
        files: Object.keys(made.files),
        models: made.models,
        ...(made.run ? { validation: made.run } : {}),
      });
    else show(made, args.out);
    return undefined;
  },
});

function precisionsOf(names: string | undefined): readonly Precision[] {
  const chosen = (names ?? 'fp32').split(',').map((name) => name.trim());
  const wrong = chosen.find((name) => !precisions.some((each) => each === name));
  if (wrong !== undefined) throw usageError(`There is no precision '${wrong}'. It is one of ${precisions.join(', ')}.`);
  return [...new Set(chosen)] as readonly Precision[];
}

function show({ models, run }: RunExport, out: string): void {
  if (run) {
    const rows = Object.entries(run.tasks).map(([task, { metrics }]) => {
      const [name = '–', value] = Object.entries(metrics)[0] ?? [];
      return [task, words(name), metric(value), ...models.map(({ evaluation }) => metric(evaluation?.tasks[task]?.metrics[name]))];
    });
    const right = (title: string) => ({ title, align: 'right' as const });
    say('On the validation split:');
    say(`${table([{ title: 'task' }, { title: 'metric' }, right('the run'), ...models.map(({ precision }) => right(precision))], rows)}\n`);
  }
  say(
    table(
      [
        { title: 'file' },
        { title: 'kB', align: 'right' },
        ...(run
          ? [
              { title: 'same labels', align: 'right' as const },
              { title: 'greatest difference', align: 'right' as const },
            ]
          : []),
      ],
      models.map(({ file, bytes, agreement }) => [
        file,
        whole(bytes / 1024),
        ...(agreement ? [`${(100 * agreement.same).toFixed(1)} %`, agreement.largest.toExponential(1)] : []),
      ]),
    ),
  );
  const rows = models[0]?.agreement?.rows;
  sayProse(
    `\n${rows === undefined ? 'The models were not judged.' : `Labels and numbers were compared on ${rows} rows.`} Ask them: ${commandName()} predict --model ${shellWord(out)} "a text"`,
  );
}
