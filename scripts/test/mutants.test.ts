// Damaged files of every format: each gives a valid result or a TaskloomError, in less than a second and 256 MB, never a crash.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const child = fileURLToPath(new URL('./mutants/child.mjs', import.meta.url));
/** 500 of each format; `MUTANTS=1250` makes 10,000 in all. */
const count = Number(process.env.MUTANTS ?? 500);

interface Outcome {
  readonly number: number;
  readonly outcome: 'valid' | 'TaskloomError' | 'other';
  readonly message: string;
  readonly seconds: number;
  readonly megabytes: number;
}

it.each(['safetensors', 'jsonl', 'csv', 'conll', 'tokenizer.json', 'config', 'run folder', 'checkpoint folder'])(
  `${count} mutants of %s`,
  (format) => {
    const result = spawnSync(process.execPath, [child, format, '0', String(count)], {
      encoding: 'utf8',
      timeout: 1000 * count,
      maxBuffer: 2 ** 28,
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    const outcomes = result.stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Outcome);
    expect(outcomes.length, `the reader died after mutant ${outcomes.length - 1}: ${result.stderr.slice(-600)}`).toBe(count);
    expect(outcomes.filter(({ outcome }) => outcome === 'other')).toEqual([]);
    expect(outcomes.filter(({ seconds }) => seconds >= 1)).toEqual([]);
    expect(Math.max(...outcomes.map(({ megabytes }) => megabytes))).toBeLessThan(256);
    // Damage must show: a reader that accepts everything is no reader.
    expect(outcomes.filter(({ outcome }) => outcome === 'TaskloomError').length).toBeGreaterThan(count / 20);
  },
);
