import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { TaskloomError } from '@taskloom/core/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectRows, conllRows, csvRows, jsonlRows, textRows } from '../src';
import { decodeText, readRows, readText } from '../src/node';

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

  it('knows gzip by its first bytes, not by its name', async () => {
    for (const [name, content] of [
      ['plain.jsonl.gz', jsonl],
      ['packed.jsonl', gzipSync(jsonl)],
      ['members.jsonl', Buffer.concat([gzipSync(`${jsonl.slice(0, 5000)}`), gzipSync(jsonl.slice(5000))])],
    ] as const)
      expect((await collectRows(readRows(await file(name, content)))).report.rows).toBe(rows.length);
    expect((await collectRows(readRows(await file('one.txt', 'x')))).rows[0]!.record.text).toBe('x');
    expect((await collectRows(readRows(await file('none.txt', '')))).rows).toEqual([]);
  });

  it('reads CoNLL and plain text', async () => {
    const path = await file('tags.bio.gz', gzipSync('in IN O\nRome NNP B-place\n\nYes UH O\n'));
    expect((await collectRows(readRows(path))).rows.map(({ record }) => ({ ...record }))).toEqual([
      { tokens: ['in', 'Rome'], tags: ['O', 'B-place'] },
      { tokens: ['Yes'], tags: ['O'] },
    ]);
    const kinds = await collectRows(readRows(path, { conllColumns: { words: 0, kinds: 1 } }));
    expect(kinds.rows[1]!.record).toMatchObject({ words: ['Yes'], kinds: ['UH'] });
    const text = await collectRows(readRows(await file('lines.txt', '\ufeff first \r\n\n"second", line\nthird')));
    expect(text.rows.map(({ line, record }) => [line, record.text])).toEqual([
      [1, ' first '],
      [3, '"second", line'],
      [4, 'third'],
    ]);
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
    expect(
      await code(
        collectRows(
          readRows(
            await file(
              'mangled.jsonl',
              packed.map((byte, i) => (i > 2000 ? byte ^ 0x55 : byte)),
            ),
          ),
        ),
      ),
    ).toBe('file_unreadable');
    expect(await code(collectRows(readRows(await file('latin1.csv', Buffer.from('a\ncaf\xe9\n', 'latin1')))))).toBe('file_unreadable');
    expect(await code(collectRows(readRows(folder, { format: 'csv' })))).toBe('file_unreadable');
    expect(() => readRows('rows.xlsx')).toThrow(/\.jsonl, \.ndjson, \.csv, \.tsv, \.conll/);
    expect(await code(collectRows(readRows(await file('bad.csv', 'a,b\n1\n'))))).toBe('rows_invalid');
  });

  it('unpacks no more than it is allowed to', async () => {
    const bomb = await file('bomb.jsonl.gz', gzipSync(Buffer.alloc(20_000_000, 32)));
    expect((await collectRows(readRows(bomb, { maximumBadRows: 1 }))).report.bad).toBe(1);
    expect(await code(readText(bomb, { maximumLength: 1_000_000 }))).toBe('file_too_large');
    const stopped = collectRows(readRows(bomb, { maximumUnpackedBytes: 1_000_000, maximumBadRows: 1 }));
    await expect(stopped).rejects.toThrow(/bomb\.jsonl\.gz unpacks to more than 1000000 bytes/);
    expect(await code(collectRows(readRows(await file('big.txt', 'x\n'.repeat(2000)), { maximumUnpackedBytes: 1000 })))).toBe('no error');
    expect(await readText(await file('small.txt.gz', gzipSync('\ufeffhi')))).toBe('hi');
  });
});

describe('decodeText', () => {
  const content = {
    jsonl: '{"text":"Grüße, \\u00e9 👍🏽","n":[1]}\r\n\r\n{"text":"日本"}\nbad\n{"text":""}',
    csv: '\ufefftext,label\r\n"two\r\nlines, ""né""",a\r\n\r\nplain 👍,b\r\n"x"y,c\r\nthree,fields,here\r\nlast,é',
    conll: 'né O\r\nRome B-place\r\n\r\n日本 B-place\n👍 O\n\nlonely\n',
    text: '\ufeffüber\r\n\n 👍 \nlast é',
  };
  const parsers = { jsonl: jsonlRows, csv: csvRows, conll: conllRows, text: textRows };
  const read = async (kind: keyof typeof content, bytes: Iterable<Uint8Array>) =>
    collectRows(parsers[kind](decodeText(bytes), { maximumBadRows: 5 }));

  it.each(Object.keys(content) as (keyof typeof content)[])(
    'gives the same rows of %s, wherever its bytes are cut, packed or not',
    async (kind) => {
      const plain = Buffer.from(content[kind]);
      const whole = await read(kind, [plain]);
      expect(whole.rows.length).toBeGreaterThan(1);
      for (const bytes of [plain, gzipSync(plain)]) {
        for (let at = 0; at <= bytes.length; at++)
          expect(await read(kind, [bytes.subarray(0, at), bytes.subarray(at)]), `cut at ${at}`).toEqual(whole);
        expect(
          await read(
            kind,
            Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)),
          ),
        ).toEqual(whole);
      }
    },
  );

  it('finds every place where a gzip file is cut short, or UTF-8 is', async () => {
    const packed = gzipSync(content.jsonl);
    for (let end = 2; end < packed.length; end++) expect(await code(read('jsonl', [packed.subarray(0, end)]))).toBe('file_unreadable');
    const cut = Buffer.from('👍').subarray(0, 3);
    expect(await code(read('text', [cut]))).toBe('file_unreadable');
    expect(await code(read('text', [gzipSync(cut)]))).toBe('file_unreadable');
  });

  it('lets go of its source when it is left, and passes its errors on', async () => {
    for (const packed of [false, true]) {
      let open = true;
      async function* source() {
        try {
          for (let i = 0; ; i++) yield packed ? gzipSync(`line ${i}\n`) : Buffer.from(`line ${i}\n`);
        } finally {
          open = false;
        }
      }
      for await (const piece of decodeText(source())) if (piece !== '') break;
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(open).toBe(false);
    }
    async function* broken() {
      yield Buffer.from('line\n');
      throw new Error('the line went dead');
    }
    await expect(collectRows(textRows(decodeText(broken())))).rejects.toThrow('the line went dead');
  });
});
