import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { TaskloomError } from '@taskloom/core';
import type { PredictInput, Prediction, Predictor, ResolvedConfig } from '@taskloom/pipeline';
import { readRows } from '@taskloom/text/node';

type Record = { readonly [column: string]: unknown };

/** Answers for the rows of a file, one JSON object a line, in their order. The output appears whole or not at all. Gives the number of rows. */
export async function predictFile(
  run: Predictor,
  input: string,
  output: string,
  { tasks, batchSize }: { readonly tasks?: readonly string[]; readonly batchSize: number },
): Promise<number> {
  const wanted = run.tasks.filter(({ name }) => tasks === undefined || tasks.includes(name));
  const single = wanted.filter(({ pair }) => !pair).map(({ name }) => name);
  const pairs = wanted.filter(({ pair }) => pair).map(({ name }) => name);
  const columns = columnsOf(
    run.config,
    wanted.map(({ name }) => name),
  );
  const partial = `${output}.partial`;
  const file = createWriteStream(partial);
  const failed = new Promise<never>((_, reject) =>
    file.once('error', (cause) =>
      reject(new TaskloomError('file_unwritable', `'${output}' cannot be written: ${cause.message}.`, { name: output, cause })),
    ),
  );
  failed.catch(() => {});
  let count = 0;
  const flush = async (rows: readonly Row[]) => {
    const answers = await answer(run, rows, single, pairs, columns, input);
    const text = answers.map((prediction) => `${JSON.stringify(prediction)}\n`).join('');
    if (!file.write(text)) await Promise.race([once(file, 'drain'), failed]);
    count += rows.length;
  };
  try {
    let batch: Row[] = [];
    for await (const row of readRows(input)) {
      batch.push(row);
      if (batch.length === batchSize) {
        await flush(batch);
        batch = [];
      }
    }
    if (batch.length > 0) await flush(batch);
    file.end();
    await Promise.race([once(file, 'finish'), failed]);
    await rename(partial, output);
    return count;
  } catch (error) {
    file.destroy();
    await rm(partial, { force: true });
    throw error;
  }
}

interface Row {
  readonly line: number;
  readonly record: Record;
}

interface Columns {
  readonly text: readonly string[];
  readonly tokens: readonly string[];
  readonly pairs: readonly (readonly [string, string])[];
}

/** Both kinds of questions that a row can answer, each asked once for the whole batch, and put together again row by row. */
async function answer(
  run: Predictor,
  rows: readonly Row[],
  single: readonly string[],
  pairs: readonly string[],
  columns: Columns,
  file: string,
): Promise<Prediction[]> {
  const inputs = rows.map((row) => ({
    text: single.length > 0 ? textOf(row.record, columns) : undefined,
    pair: pairs.length > 0 ? pairOf(row.record, columns) : undefined,
  }));
  inputs.forEach(({ text, pair }, i) => {
    if (text !== undefined || pair !== undefined) return;
    const needed = [
      ...(single.length > 0 ? [`'${columns.text[0]}'`] : []),
      ...(pairs.length > 0 ? [`'${columns.pairs[0]!.join("' and '")}'`] : []),
    ].join(' or ');
    throw new TaskloomError('bad_data', `${file}, line ${rows[i]!.line}: there is no ${needed}.`, {
      name: file,
      got: Object.keys(rows[i]!.record),
    });
  });
  const ask = async (kind: 'text' | 'pair', tasks: readonly string[]) => {
    const present = inputs.flatMap((input, i) => (input[kind] === undefined ? [] : [i]));
    const answers =
      present.length > 0
        ? await run.predict(
            present.map((i) => inputs[i]![kind]!),
            { tasks, batchSize: Math.max(1, present.length) },
          )
        : [];
    return new Map(present.map((row, i) => [row, answers[i]!]));
  };
  const [texts, couples] = [await ask('text', single), await ask('pair', pairs)];
  return rows.map((_, i) => ({ ...texts.get(i), ...couples.get(i) }));
}

function textOf(record: Record, { text, tokens }: Columns): PredictInput | undefined {
  for (const column of tokens) {
    const value = record[column];
    if (Array.isArray(value) && value.length > 0 && value.every((token) => typeof token === 'string')) {
      const whole = text.map((name) => record[name]).find((found) => typeof found === 'string');
      return { tokens: value, ...(typeof whole === 'string' ? { text: whole } : {}) };
    }
  }
  const found = text.map((name) => record[name]).find((value) => typeof value === 'string');
  return typeof found === 'string' ? found : undefined;
}

function pairOf(record: Record, { pairs }: Columns): PredictInput | undefined {
  for (const [a, b] of pairs) {
    const [first, second] = [record[a], record[b]];
    if (typeof first === 'string' && typeof second === 'string') return { a: first, b: second };
  }
  return undefined;
}

/** The columns that the tasks were trained on, then the usual names. */
function columnsOf(config: ResolvedConfig, tasks: readonly string[]): Columns {
  const own = config.tasks
    .filter(({ name }) => tasks.includes(name))
    .map(({ columns }) => columns as { readonly [name: string]: string | undefined });
  const named = (key: string) => [...new Set([...own.flatMap((columns) => columns[key] ?? []), key])];
  return {
    text: named('text'),
    tokens: own.some((columns) => columns.tokens !== undefined) ? named('tokens') : [],
    pairs: [
      ...own.flatMap((columns): [string, string][] => (columns.a !== undefined && columns.b !== undefined ? [[columns.a, columns.b]] : [])),
      ['a', 'b'],
    ],
  };
}
