import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collectRows, conllRows } from '../src';

const column = fc.stringMatching(/^[a-zB\-#"é👍]{1,4}$/u);
const sentence = fc.array(fc.tuple(column, column), { minLength: 1, maxLength: 4 });

describe('conllRows', () => {
  it('round-trips sentences, however the text is cut and the lines end', async () => {
    const cuts = fc.array(fc.nat(), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(sentence, { maxLength: 4 }), cuts, fc.constantFrom('\n', '\r\n'), async (sentences, places, end) => {
        const text = sentences.map((lines) => lines.map(([token, tag]) => `${token}\t_ ${tag}${end}`).join('')).join(end);
        const at = places.map((place) => place % (text.length + 1)).sort((a, b) => a - b);
        const pieces = [0, ...at].map((start, i) => text.slice(start, at[i] ?? text.length));
        const { rows } = await collectRows(conllRows(pieces));
        expect(rows.map((row) => ({ ...row.record }))).toEqual(
          sentences.map((lines) => ({ tokens: lines.map(([token]) => token), tags: lines.map(([, tag]) => tag) })),
        );
      }),
    );
  });

  it('leaves out document marks and says where a sentence is bad', async () => {
    const text = '-DOCSTART- -X- O\n\nEU NNP B-org\nrejects VB O\n\n\nlonely\n\none A O\ntwo O\n\nend NN O';
    const { rows, report } = await collectRows(conllRows(text, { columns: { words: 0, kinds: 1, tags: 2 }, maximumBadRows: 2 }));
    expect(rows.map(({ line, record }) => ({ line, ...record }))).toEqual([
      { line: 3, words: ['EU', 'rejects'], kinds: ['NNP', 'VB'], tags: ['B-org', 'O'] },
      { line: 12, words: ['end'], kinds: ['NN'], tags: ['O'] },
    ]);
    expect(report.firstBad).toEqual([
      { line: 7, reason: 'only 1 columns' },
      { line: 10, reason: 'only 2 columns' },
    ]);
    expect((await collectRows(conllRows('a b O\nc O\n', { maximumBadRows: 1 }))).report.firstBad).toEqual([
      { line: 2, reason: '2 columns under 3' },
    ]);
  });

  it('limits sentences', async () => {
    const { rows, report } = await collectRows(conllRows(`${'w O\n'.repeat(50)}\nx O\n`, { maximumLineLength: 100, maximumBadRows: 1 }));
    expect(report.firstBad).toEqual([{ line: 34, reason: 'sentence longer than 100 characters' }]);
    expect(rows.map((row) => row.record.tokens)).toEqual([['x']]);
  });
});
