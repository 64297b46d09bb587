// Damaged files of every format: each gives a valid result or a TaskloomError, in less than a second and 256 MB, never a crash.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const child = fileURLToPath(new URL('./mutants/child.mjs', import.meta.url));
/** 500 of each format; `MUTANTS=1250` makes 10,000 in all, and prints a row of a table for each format. */
const count = Number(process.env.MUTANTS ?? 500);

interface Outcome {
  /** Or the name of one made by hand. */
  readonly number: number | string;
  readonly outcome: 'valid' | 'TaskloomError' | 'other';
  readonly message: string;
  readonly seconds: number;
  readonly megabytes: number;
}

const formats = ['safetensors', 'jsonl', 'csv', 'conll', 'tokenizer.json', 'config', 'run folder', 'checkpoint folder'];

it.each(formats)(`${count} mutants of %s`, (format) => {
  const { outcomes, errors } = read(format, '0', String(count));
  if (process.env.MUTANTS) process.stdout.write(`${summary(format, outcomes)}\n`);
  expect(outcomes.length, `the reader died after mutant ${outcomes.length - 1}: ${errors}`).toBe(count);
  expect(outcomes.filter(({ outcome }) => outcome === 'other')).toEqual([]);
  expect(outcomes.filter(({ seconds }) => seconds >= 1)).toEqual([]);
  expect(Math.max(...outcomes.map(({ megabytes }) => megabytes))).toBeLessThan(256);
  // Damage must show: a reader that accepts everything is no reader.
  expect(outcomes.filter(({ outcome }) => outcome === 'TaskloomError').length).toBeGreaterThan(count / 20);
});

// By hand, megabytes long, so that a reader that is careless of squares, depth or claims needs a minute or all memory; ours need less than a second on a machine of their own.
it.each(formats)('the worst of %s', { timeout: 300_000 }, (format) => {
  const { outcomes, errors, status } = read(format, 'worst');
  if (process.env.MUTANTS) process.stdout.write(`${summary(`${format}, by hand`, outcomes)}\n`);
  expect(status, `the reader died after '${outcomes.at(-1)?.number}': ${errors}`).toBe(0);
  expect(outcomes.filter(({ outcome }) => outcome === 'other')).toEqual([]);
  expect(outcomes.filter(({ seconds }) => seconds >= 3)).toEqual([]);
  expect(outcomes.filter(({ megabytes }) => megabytes >= 256)).toEqual([]);
});

/** What the child says of each file. */
function read(format: string, ...which: string[]) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [child, format, ...which], {
    encoding: 'utf8',
    timeout: 1000 * Math.max(count, 300),
    maxBuffer: 2 ** 28,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const outcomes = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Outcome);
  return { outcomes, errors: stderr.slice(-600), status };
}

/** | format | mutants | valid | by error code | slowest, s of processor time | growth of resident memory, MB | */
function summary(format: string, outcomes: readonly Outcome[]): string {
  const codes = new Map<string, number>();
  for (const { outcome, message } of outcomes) {
    const code = outcome === 'valid' ? outcome : message.slice(0, message.indexOf(':'));
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  const valid = codes.get('valid') ?? 0;
  codes.delete('valid');
  const errors = [...codes].sort((a, b) => b[1] - a[1]).map(([code, times]) => `${code} ${times}`);
  const most = (of: (outcome: Outcome) => number) => outcomes.map(of).reduce((a, b) => Math.max(a, b), 0);
  return `| ${format} | ${outcomes.length} | ${valid} | ${errors.join(', ')} | ${most((o) => o.seconds).toFixed(2)} | ${most((o) => o.megabytes).toFixed(0)} |`;
}
