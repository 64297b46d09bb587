import { createInterface } from 'node:readline';
import { loadRun, type PredictInput, type Predictor } from '@taskloom/pipeline';
import { startBackend } from '../backend';
import { predictFile } from '../bulk';
import { command } from '../command';
import { usageError } from '../exit-codes';
import { openExportFolder } from '../export-folder';
import { openRun } from '../run-folder';
import { whole } from '../terminal/format';
import { showPrediction } from '../terminal/prediction';
import { styled } from '../terminal/table';
import { backendName, backendOption, countOption, jsonOption, runOption, say, writeJson } from './shared-options';

export const predictCommand = command('predict', 'Ask a trained model: about one text, about many in a file, or one after another.', {
  args: {
    text: { type: 'positional', description: 'The text', required: false, valueHint: 'text' },
    run: runOption,
    model: {
      type: 'string',
      alias: 'm',
      description: 'Instead of a run, an export: its folder or one of its .onnx files; it is asked on ONNX Runtime alone',
      valueHint: 'path',
    },
    and: { type: 'string', description: 'A second text, for tasks about pairs', valueHint: 'text' },
    task: { type: 'string', alias: 't', description: 'Only this task, or several with commas between', valueHint: 'names' },
    interactive: {
      type: 'boolean',
      alias: 'i',
      description: 'Read texts line by line until an empty line or the end of input',
      default: false,
    },
    input: {
      type: 'string',
      description: 'A .jsonl or .csv file (.gz too), with the columns that the model was trained on',
      valueHint: 'file',
    },
    output: {
      type: 'string',
      alias: 'o',
      description: 'Where answers go, one JSON object a line, in the order of the input',
      valueHint: 'file',
    },
    'batch-size': { type: 'string', description: 'Texts at a time', default: '64', valueHint: 'n' },
    backend: backendOption,
    json: jsonOption,
  },
  examples: [
    'taskloom predict --run runs/support "Where is my parcel? It should have come on Monday."',
    'taskloom predict --run runs/support "Where is my parcel?" --and "My order has not come" --task duplicate',
    'taskloom predict --run runs/support --interactive',
    'taskloom predict --model support-model "Where is my parcel?"',
    'taskloom predict --run runs/support --input mails.jsonl --output answers.jsonl --task topic',
  ],
  notes:
    'Each line of the output is {"<task>": {"label", "probabilities"}}, {"<task>": {"value"}} or {"<task>": {"tags": [{"start", "end", "label", "text"}]}} for each task; start and end count UTF-16 units.',
  async run(args) {
    const batchSize = countOption('batch-size', args['batch-size'])!;
    const modes = [args.text !== undefined, args.interactive, args.input !== undefined].filter(Boolean).length;
    if (modes !== 1) throw usageError('Give a text, or --interactive, or --input and --output.');
    if (args.input !== undefined && args.output === undefined) throw usageError('--input needs --output.');
    if (args.output !== undefined && args.input === undefined) throw usageError('--output needs --input.');
    if (args.model !== undefined && args.run !== undefined) throw usageError('Give --run or --model, not both.');
    const run = args.model === undefined ? await runOf(args.run, args.backend) : await openExportFolder(args.model);
    try {
      const tasks = chosenTasks(run, args.task);
      if (args.input !== undefined) {
        const began = performance.now();
        const rows = await predictFile(run, args.input, args.output!, { tasks, batchSize });
        const seconds = (performance.now() - began) / 1000;
        if (args.json) writeJson({ input: args.input, output: args.output, rows, seconds });
        else process.stderr.write(`${whole(rows)} rows to ${args.output}, ${whole(rows / seconds)} a second.\n`);
      } else if (args.interactive) await interact(run, tasks, args.json);
      else {
        const input: PredictInput = args.and === undefined ? args.text! : { a: args.text!, b: args.and };
        const [prediction] = await run.predict([input], { tasks: fitting(run, tasks, args.and !== undefined) });
        if (args.json) writeJson(prediction);
        else {
          say(showPrediction(args.and === undefined ? args.text! : `${args.text} ↔ ${args.and}`, prediction!, run.tasks));
          const pairs = run.tasks.filter(({ pair }) => pair).map(({ name }) => name);
          if (args.and === undefined && tasks === undefined && pairs.length > 0)
            say(styled('dim', `    (${pairs.join(', ')}: about two texts; give the second with --and)`));
        }
      }
      return undefined;
    } finally {
      run.dispose();
    }
  },
});

async function runOf(folder: string | undefined, backend: string | undefined): Promise<Predictor> {
  const store = openRun(folder);
  await startBackend(backendName(backend));
  return loadRun(store);
}

/** The names after --task, checked. */
function chosenTasks(run: Predictor, names: string | undefined): readonly string[] | undefined {
  if (names === undefined) return undefined;
  const chosen = names.split(',').map((name) => name.trim());
  const known = run.tasks.map(({ name }) => name);
  for (const name of chosen) if (!known.includes(name)) throw usageError(`There is no task '${name}'.`, `There are ${known.join(', ')}.`);
  return chosen;
}

/** Of the tasks wanted, those about one text, or about two. */
function fitting(run: Predictor, wanted: readonly string[] | undefined, pair: boolean): readonly string[] {
  const fits = run.tasks
    .filter((task) => task.pair === pair && (wanted === undefined || wanted.includes(task.name)))
    .map(({ name }) => name);
  if (fits.length === 0)
    throw usageError(pair ? 'None of these tasks is about two texts.' : 'These tasks are about two texts: give the second with --and.');
  return fits;
}

/** Line by line. In a terminal, tasks about two texts compare each text with the one before. */
async function interact(run: Predictor, wanted: readonly string[] | undefined, json: boolean): Promise<void> {
  const terminal = process.stdin.isTTY === true;
  const chosen = run.tasks.filter(({ name }) => wanted === undefined || wanted.includes(name));
  const pairs = terminal && !json ? chosen.filter(({ pair }) => pair).map(({ name }) => name) : [];
  const singles = pairs.length === 0 ? fitting(run, wanted, false) : chosen.filter(({ pair }) => !pair).map(({ name }) => name);
  const prompt = terminal ? styled('cyan', '› ') : '';
  if (terminal) {
    say('Type a text and press Enter; an empty line or Ctrl-D ends.');
    if (pairs.length > 0) say(styled('dim', `(${pairs.join(', ')}: each text is compared with the one before it)`));
  }
  const lines = createInterface({ input: process.stdin, output: terminal ? process.stdout : undefined, prompt });
  let before: string | undefined;
  let ended = true;
  lines.prompt();
  for await (const line of lines) {
    if (line.trim() === '') {
      ended = !terminal;
      if (terminal) break;
      continue;
    }
    const [single] = singles.length > 0 ? await run.predict([line], { tasks: singles }) : [{}];
    const [pair] = pairs.length > 0 && before !== undefined ? await run.predict([{ a: before, b: line }], { tasks: pairs }) : [{}];
    if (json) writeJson(single);
    else say(Object.keys({ ...single, ...pair }).length > 0 ? showPrediction(line, { ...single, ...pair }, run.tasks) : 'And another?');
    before = line;
    lines.prompt();
  }
  if (terminal && ended) say(); // after the prompt that Ctrl-D left
  lines.close();
}
