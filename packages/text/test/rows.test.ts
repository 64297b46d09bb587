import { TaskloomError } from '@taskloom/core/host';
import fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { collectRows, csvRows, jsonlRows, type RowStream } from '../src';

const records = async (stream: RowStream) => (await collectRows(stream)).rows.map((row) => ({ ...row.record }));
const failure = async (stream: RowStream): Promise<TaskloomError> => {
  const error: unknown = await collectRows(stream).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!TaskloomError.isInstance(error)) throw new Error(`expected a TaskloomError, got ${String(error)}`);
  return error;
};

/** Cuts a text at the given places, so that rows, quotes and line ends fall across pieces. */
const cut = (text: string, places: readonly number[]): string[] => {
  const ends = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [...ends.map((end, i) => text.slice(ends[i - 1] ?? 0, end)), text.slice(ends.at(-1) ?? 0)];
};
const places = fc.array(fc.nat(), { maxLength: 12 });
const field = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[a",;\t\r\n \ufeff]{0,8}$/));

describe('a reading that has failed', () => {
  // One piece of text, which is what would be parsed whole.
  const good = 300_000;
  it.each([
    ['jsonl', jsonlRows, `{\n${'{"a":1}\n'.repeat(good)}`],
    ['csv', csvRows, `a,b\n1\n${'1,2\n'.repeat(good)}`],
  ] as const)('looks for further bad rows of %s for a while only', async (_, read, text) => {
    let looked = 0;
    const counted = (async function* () {
      for (const piece of [text.slice(0, 100_000), text.slice(100_000, 200_000), text.slice(200_000)]) {
        looked++;
        yield piece;
      }
    })();
    expect((await failure(read(counted))).message).toMatch(/\(line [12]: [^;]*\)/);
    expect(looked).toBeLessThan(3);
    // Ten bad ones are still shown where they are near.
    const near = await failure(read(text.replace(/\n/, `\n${read === csvRows ? '1\n' : '{\n'}`.repeat(12))));
    expect(near.message.match(/line \d+/g)).toHaveLength(10);
  });
});

describe('jsonlRows', () => {
  it('round-trips any objects, however the text is cut and the lines end', async () => {
    const objects = fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(objects, places, fc.constantFrom('\n', '\r\n'), fc.boolean(), async (given, at, end, mark) => {
        const text = (mark ? '\ufeff' : '') + given.map((object) => JSON.stringify(object)).join(end);
        const expected = given.map((object) =>
          JSON.parse(JSON.stringify(object, (key, value: unknown) => (key === '__proto__' ? undefined : value))),
        );
        expect(await records(jsonlRows(cut(text, at)))).toEqual(expected);
      }),
    );
  });

  it('says on which lines rows are bad, and goes on', async () => {
    const { rows, report } = await collectRows(jsonlRows('{"a":1}\n\nnonsense\n[1]\n{"a":2}\n{"a":NaN}', { maximumBadRows: 3 }));
    expect(rows.map(({ line, record }) => [line, record.a])).toEqual([
      [1, 1],
      [5, 2],
    ]);
    expect(report).toEqual({
      rows: 2,
      bad: 3,
      firstBad: [
        { line: 3, reason: 'not JSON' },
        { line: 4, reason: 'not a JSON object' },
        { line: 6, reason: 'not JSON' },
      ],
    });
  });

  it('fails past the limit with the first ten', async () => {
    const text = Array.from({ length: 50 }, () => '{').join('\n');
    const error = await failure(jsonlRows(text, { name: 'train.jsonl', maximumBadRows: 20 }));
    expect(error.code).toBe('rows_invalid');
    expect(error.message).toMatch(/train\.jsonl has more than 20 rows.*line 1: not JSON.*line 10: not JSON/);
    expect(error.message).not.toMatch(/line 11/);
  });

  it('shows ten bad rows even where none is allowed, and gives no row behind the first', async () => {
    const text = `{"a":0}\n${Array.from({ length: 12 }, (_, i) => `bad\n{"a":${i}}\n`).join('')}`;
    const stream = jsonlRows(text);
    const seen: number[] = [];
    await expect(
      (async () => {
        for await (const { line } of stream) seen.push(line);
      })(),
    ).rejects.toThrow(/rows that cannot be read \(line 2: not JSON;.*line 20: not JSON\)/);
    expect(seen).toEqual([1]);
    expect((await failure(jsonlRows('{}\n['))).message).toMatch(/\(line 2: not JSON\)/);
  });

  it('takes no number that is not finite', async () => {
    const { rows, report } = await collectRows(
      jsonlRows(`{"a":1e308}\n{"a":[1E+999]}\n{"a":-1${'0'.repeat(400)}.5}`, { maximumBadRows: 2 }),
    );
    expect(rows.map((row) => row.record.a)).toEqual([1e308]);
    expect(report.firstBad).toEqual([2, 3].map((line) => ({ line, reason: 'a number out of range' })));
  });

  it('keeps prototypes out', async () => {
    const text = '{"__proto__":{"polluted":1},"x":{"__proto__":{"polluted":1}}}\n{"\\u005f_proto__":{"polluted":1}}';
    const { rows } = await collectRows(jsonlRows(text));
    for (const { record } of rows) {
      expect(Object.getPrototypeOf(record)).toBeNull();
      expect(Object.hasOwn(record, '__proto__')).toBe(false);
      expect(record.constructor).toBeUndefined();
    }
    expect(Object.hasOwn(rows[0]!.record.x as object, '__proto__')).toBe(false);
    expect(Object.assign({}, rows[0]!.record.x as object)).not.toHaveProperty('polluted');
  });

  it('limits lines and rows', async () => {
    const long = `{"a":"${'x'.repeat(100)}"}`;
    for (const chunks of [[`${long}\n{"a":1}`], cut(`${long}\n{"a":1}`, [1, 30, 60, 90, 105])]) {
      const { rows, report } = await collectRows(jsonlRows(chunks, { maximumLineLength: 50, maximumBadRows: 1 }));
      expect(rows.map((row) => row.line)).toEqual([2]);
      expect(report.firstBad).toEqual([{ line: 1, reason: 'longer than 50 characters' }]);
    }
    expect((await failure(jsonlRows('{}\n{}\n{}', { maximumRows: 2 }))).code).toBe('too_many_rows');
    const deep = `{"\\u0061":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    expect((await collectRows(jsonlRows(deep, { maximumBadRows: 1 }))).report.bad).toBe(1);
  });

  it('does not hold a line without end', async () => {
    async function* endless() {
      for (let i = 0; i < 2000; i++) yield 'x'.repeat(100_000);
      yield '\n{"a":1}';
    }
    const before = process.memoryUsage().heapUsed;
    const { rows, report } = await collectRows(jsonlRows(endless(), { maximumBadRows: 1 }));
    expect([rows.length, report.bad]).toEqual([1, 1]);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100e6); // the line is 200 MB
  });
});

describe('csvRows', () => {
  it('round-trips any fields, however the text is cut, quoted and ended', async () => {
    const table = fc
      .integer({ min: 1, max: 4 })
      .chain((columns) => fc.array(fc.array(field, { minLength: columns, maxLength: columns }), { maxLength: 6 }));
    const style = fc.record({
      newline: fc.constantFrom('\n', '\r\n'),
      delimiter: fc.constantFrom(',', '\t', ';', '|'),
      mark: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(table, places, style, async (given, at, { newline, delimiter, mark }) => {
        const columns = (given[0] ?? ['']).map((_, i) => `column ${i}`);
        const text = (mark ? '\ufeff' : '') + Papa.unparse([columns, ...given], { newline, delimiter, quotes: true });
        const expected = given.map((fields) => Object.fromEntries(fields.map((value, i) => [columns[i]!, value])));
        expect(await records(csvRows(cut(text, at), { delimiter }))).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('round-trips fields quoted only where needed', async () => {
    const text = 'a,b\n1,two words\n"x, y","say ""hi"""\r\n" spaced ",\n"two\nlines",end';
    const { rows } = await collectRows(csvRows(text));
    expect(rows.map(({ line, record }) => [line, record.a, record.b])).toEqual([
      [2, '1', 'two words'],
      [3, 'x, y', 'say "hi"'],
      [4, ' spaced ', ''],
      [5, 'two\nlines', 'end'],
    ]);
  });

  it('says on which lines rows are bad; a bad quote does not swallow the rest', async () => {
    const text = 'a,b\n1,2\n1,2,3\n"x"y,2\n\n3,4\n"open,5\n6,7';
    const { rows, report } = await collectRows(csvRows(text, { maximumBadRows: 5 }));
    expect(rows.map((row) => row.line)).toEqual([2, 6]);
    expect(report.firstBad).toEqual([
      { line: 3, reason: '3 fields under 2 columns' },
      { line: 4, reason: 'quotes do not match' },
      { line: 7, reason: 'quotes do not match' },
    ]);
  });

  it('takes quotes as characters and columns as given', async () => {
    const text = '"open\tneutral\nit is 5" wide\tpositive';
    expect(await records(csvRows(text, { delimiter: '\t', quotes: false, columns: ['text', 'label'] }))).toEqual([
      { text: '"open', label: 'neutral' },
      { text: 'it is 5" wide', label: 'positive' },
    ]);
  });

  it('keeps prototypes out and refuses an ambiguous header', async () => {
    const { rows } = await collectRows(csvRows('__proto__,x\nbad,1'));
    expect(Object.keys(rows[0]!.record)).toEqual(['x']);
    expect(rows[0]!.record.toString).toBeUndefined();
    expect((await failure(csvRows('a,a\n1,2'))).code).toBe('header_invalid');
    expect((await failure(csvRows('"a\n1,2'))).code).toBe('header_invalid');
    expect(() => csvRows('a', { delimiter: '"' })).toThrow(TaskloomError);
    expect(await records(csvRows(''))).toEqual([]);
  });

  it('limits records, also such as never close their quotes', async () => {
    const { rows, report } = await collectRows(csvRows(`a\n"${'x\n'.repeat(100)}y\nz\n`, { maximumLineLength: 50, maximumBadRows: 1 }));
    expect(report.firstBad).toEqual([{ line: 2, reason: 'longer than 50 characters' }]);
    expect(rows.length).toBeGreaterThan(50);
    expect(rows.at(-1)!.record.a).toBe('z');
  });
});
