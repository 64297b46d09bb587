import type { Evaluation } from '@taskloom/trainer';
import { encoderText, type InputShape, inputsOf, lengthFeatures } from '../features';
import type { TaskInfo } from '../load-run';
import type { ResolvedConfig } from '../schema';
import type { ExportedFile } from './export-run';
import { pairsInput } from './graph';
import { isChain, predictionsOf } from './session';

export interface ModelCardParts {
  readonly config: ResolvedConfig;
  readonly tasks: readonly TaskInfo[];
  readonly shape: InputShape;
  readonly parameters: number;
  readonly step: number;
  readonly licence?: string;
  readonly models: readonly ExportedFile[];
  readonly run?: Evaluation;
  /** The files beside the models. */
  readonly files: readonly string[];
}

/** What an export is, for people: tasks, labels, how good it is, how to ask it. */
export function modelCard(parts: ModelCardParts): string {
  const { config, tasks, licence, parameters, step, models } = parts;
  const read = lengthFeatures(config);
  return [
    `# ${config.name}`,
    `One text model for ${tasks.length === 1 ? 'one task' : `${tasks.length} tasks`}: ${encoderText(config)}, ${parameters.toLocaleString('en-US')} parameters, ${step.toLocaleString('en-US')} steps of training with seed ${config.seed}. Texts are read up to ${read.maxTokens} ${read.kind === 'tokenizer' ? 'subwords' : 'words'}.`,
    `**Licence**: ${licence === undefined ? 'not stated' : text(licence)}.`,
    '## Tasks',
    table(
      ['task', 'kind', 'input', 'labels'],
      tasks.map(({ name, head, pair, labels }) => [name, head, pair ? 'two texts' : 'a text', shortList(labels)]),
    ),
    '`labels.json` has all labels, in the order of their numbers.',
    '## How good it is',
    ...quality(parts),
    '## Inputs and outputs',
    inputsTable(parts),
    table(
      ['output', 'shape'],
      tasks.flatMap(({ name, pair, labels, head }, i) => outputsOf(config.tasks[i]!, name, pair ? 'pairs' : 'texts', labels.length, head)),
    ),
    'ids are int32 and padded with 0; `features.json` says how a text becomes them. `label`, `decisions` and `tags` are int32, the rest is float32.',
    ...(config.tasks.some(isChain)
      ? [
          'Where a task has `emissions`, its tags are the sequence with the greatest sum of start (of the first tag), emissions, transitions (from a tag to the next) and end (of the last), over the tokens up to the last whose mask is 1: `decodeTags` of `@taskloom/shared-encoder` finds it, as any implementation of the Viterbi algorithm.',
        ]
      : []),
    '## How to ask it',
    `\`\`\`sh\nnpx taskloom predict --model ${models[0]!.file} "a text"\n\`\`\``,
    `\`\`\`js\nimport { InferenceSession, Tensor } from 'onnxruntime-node'; // or onnxruntime-web\n\nconst session = await InferenceSession.create('${models[0]!.file}');\nconst answers = await session.run({ ${feeds(parts)} });\n\`\`\``,
    `Files: ${[...models.map(({ file }) => file), ...parts.files].map((file) => `\`${file}\``).join(', ')}.`,
    '',
  ].join('\n\n');
}

function quality({ models, run }: ModelCardParts): string[] {
  const sizes = (file: ExportedFile) => `${(file.bytes / 1024).toLocaleString('en-US', { maximumFractionDigits: 0 })} kB`;
  if (!run)
    return [
      'Not judged when it was exported.',
      table(
        ['file', 'precision', 'size'],
        models.map((file) => [`\`${file.file}\``, file.precision, sizes(file)]),
      ),
    ];
  const rows = Object.entries(run.tasks).map(([task, { metrics, rows: count }]) => {
    const [name, value] = Object.entries(metrics)[0] ?? ['–', Number.NaN];
    return [task, String(count), name, number(value), ...models.map(({ evaluation }) => number(evaluation?.tasks[task]?.metrics[name]))];
  });
  return [
    'The main metric of each task on the validation split, which the training has seen when it chose its best step: on new texts expect less.',
    table(['task', 'rows', 'metric', 'the run', ...models.map(({ precision }) => precision)], rows),
    table(
      ['file', 'precision', 'size', 'same labels as the run', 'greatest difference of a number'],
      models.map((file) => [
        `\`${file.file}\``,
        file.precision,
        sizes(file),
        file.agreement ? `${(100 * file.agreement.same).toFixed(1)} % (${file.agreement.rows} rows)` : '–',
        file.agreement ? file.agreement.largest.toPrecision(2) : '–',
      ]),
    ),
  ];
}

function inputsTable({ shape, tasks }: ModelCardParts): string {
  const ids = Object.entries(inputsOf(shape)).map(([input, axes]) => [
    input,
    `[${axes.join(', ')}]`,
    Object.hasOwn(shape.bags ?? {}, input) ? 'ids of a bag of features' : 'ids of tokens',
  ]);
  const pairs = tasks.some(({ pair }) => pair) ? [[pairsInput, '[pairs, 2]', 'rows of the texts of each pair; there may be none']] : [];
  return table(['input', 'shape', 'what'], [...ids, ...pairs]);
}

function outputsOf(task: ResolvedConfig['tasks'][number], name: string, rows: string, labels: number, head: TaskInfo['head']): string[][] {
  const shapes: { readonly [output: string]: string } = {
    label: rows,
    value: rows,
    tags: `${rows}, time`,
    decisions: `${rows}, ${labels}`,
    probabilities: head === 'tagging' ? `${rows}, time, ${labels}` : `${rows}, ${labels}`,
    emissions: `${rows}, time, ${labels}`,
    transitions: `${labels}, ${labels}`,
    start: `${labels}`,
    end: `${labels}`,
    mask: `${rows}, time`,
  };
  return predictionsOf(task).map((output) => [`${name}/${output}`, `[${shapes[output]}]`]);
}

function feeds({ shape, tasks }: ModelCardParts): string {
  return [
    ...Object.entries(inputsOf(shape)).map(([name, [, , perToken]]) => {
      const dims = perToken === undefined ? '[1, length]' : `[1, words, ${perToken}]`;
      return `${name}: new Tensor('int32', ${name}, ${dims})`;
    }),
    ...(tasks.some(({ pair }) => pair) ? [`${pairsInput}: new Tensor('int32', [], [0, 2])`] : []),
  ].join(', ');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(text).join(' | ')} |`;
  return [line(head), `|${head.map(() => ' --- ').join('|')}|`, ...rows.map(line)].join('\n');
}

/** A name as it can stand in a table: one line, no bar. */
function text(value: string): string {
  return value.replace(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

function shortList(labels: readonly string[]): string {
  return labels.length <= 12 ? labels.join(', ') : `${labels.slice(0, 10).join(', ')}, … (${labels.length})`;
}

function number(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? '–' : value.toFixed(3);
}
