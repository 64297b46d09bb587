import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { TaskloomError } from '@taskloom/core/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectRows } from '../src';
import { readRows, readText } from '../src/node';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taskloom-text-'));
});
afterAll(() => rm(folder, { recursive: true }));

const file = async (name: string, content: string | Uint8Array) => {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
};
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: unknown) => (TaskloomError.isInstance(error) ? error.code : String(error)),
  );

describe('readRows', () => {
  const rows = Array.from({ length: 8_000 }, (_, i) => ({ text: `Ünïcode, "row" 👍 ${i}`, label: `l${i % 3}` }));
  const jsonl = rows.map((row) => JSON.stringify(row)).join('\n');
  const table = (delimiter: string) =>
    `\ufefftext${delimiter}label\r\n${rows.map((row) => `"${row.text.replaceAll('"', '""')}"${delimiter}${row.label}\r\n`).join('')}`;

  it.each([
    ['a.jsonl', jsonl],
    ['a.ndjson', jsonl],
    ['a.csv', table(',')],
    ['a.tsv', table('\t')],
  ])('reads %s, packed or not, whole', async (name, content) => {
    for (const path of [await file(name, content), await file(`${name}.gz`, gzipSync(content))]) {
      const found = await collectRows(readRows(path));
      expect(found.rows.map((row) => ({ ...row.record }))).toEqual(rows);
      expect(found.report).toEqual({ rows: rows.length, bad: 0, firstBad: [] });
    }
  });

  it('may be left before the end', async () => {
    const lines: number[] = [];
    for await (const row of readRows(await file('left.jsonl.gz', gzipSync(jsonl)))) {
      lines.push(row.line);
      if (lines.length === 3) break;
    }
    expect(lines).toEqual([1, 2, 3]);
  });

  it('says what is wrong with a file', async () => {
    const packed = gzipSync(jsonl);
    expect(await code(collectRows(readRows(join(folder, 'none.csv'))))).toBe('file_missing');
    expect(await code(collectRows(readRows(await file('cut.jsonl.gz', packed.subarray(0, 5000)))))).toBe('file_unreadable');
    expect(await code(collectRows(readRows(await file('plain.jsonl.gz', jsonl))))).toBe('file_unreadable');
    expect(await code(collectRows(readRows(await file('latin1.csv', Buffer.from('a\ncaf\xe9\n', 'latin1')))))).toBe('file_unreadable');
    expect(await code(collectRows(readRows(folder, { format: 'csv' })))).toBe('file_unreadable');
    expect(() => readRows('rows.xlsx')).toThrow(/\.jsonl, \.ndjson, \.csv or \.tsv/);
    expect(await code(collectRows(readRows(await file('bad.csv', 'a,b\n1\n'))))).toBe('rows_invalid');
  });

  it('unpacks no more than it is allowed to', async () => {
    const bomb = await file('bomb.jsonl.gz', gzipSync(Buffer.alloc(20_000_000, 32)));
    expect((await collectRows(readRows(bomb, { maximumBadRows: 1 }))).report.bad).toBe(1);
    expect(await code(readText(bomb, { maximumLength: 1_000_000 }))).toBe('file_too_large');
    expect(await readText(await file('small.txt.gz', gzipSync('\ufeffhi')))).toBe('hi');
  });
});
