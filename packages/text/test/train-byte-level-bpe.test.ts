import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { hashString, TaskloomError } from '@taskloom/core/host';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BpeTrainingOptions, type BpeTrainingProgress, linesWithEndings, tokenizer, trainByteLevelBpe } from '../src';
import { nastyTexts, shared } from './oracle/cases';

interface Trained {
  readonly added_tokens: { content: string }[];
  readonly model: { readonly vocab: Record<string, number>; readonly merges: [string, string][] };
}

const vocabOf = ({ model }: Trained) => Object.keys(model.vocab).sort((a, b) => model.vocab[a]! - model.vocab[b]!);
const train = async (text: string, options: BpeTrainingOptions) =>
  (await trainByteLevelBpe(linesWithEndings(text), options)) as unknown as Trained;

const shelf = {
  nasty: () => nastyTexts().texts.join('\n').repeat(2),
  shakespeare: () => gunzipSync(readFileSync(`${shared}/tinyshakespeare/input.txt.gz`)).toString(),
  tweets: () => gunzipSync(readFileSync(`${shared}/tweeteval/sentiment/train.jsonl.gz`)).toString(),
};
const jobs: { name: string; text: keyof typeof shelf; options: BpeTrainingOptions }[] = [
  { name: 'hostile texts', text: 'nasty', options: { vocabularySize: 1200 } },
  { name: 'every pair', text: 'nasty', options: { minimumFrequency: 0, addPrefixSpace: true } },
  {
    name: 'the alphabet seen',
    text: 'nasty',
    options: { vocabularySize: 600, alphabet: 'seen', specialTokens: ['<pad>', 'Ġt', 'the', '<pad>'] },
  },
  { name: 'short tokens', text: 'nasty', options: { maximumTokenLength: 4, normalization: 'NFKC', minimumFrequency: 1 } },
  { name: 'Shakespeare', text: 'shakespeare', options: { vocabularySize: 8000, specialTokens: ['<|endoftext|>'] } },
  { name: 'Shakespeare to the last pair', text: 'shakespeare', options: { vocabularySize: 2 ** 20, minimumFrequency: 0 } },
  { name: 'tweets', text: 'tweets', options: { vocabularySize: 30_000 } },
];
const probes = nastyTexts().texts.filter((text) => text !== '');

/** Hashes of what the native trainer gives. TASKLOOM_TOKENIZERS=<a python3 that has `tokenizers` 0.23> makes the file anew. */
const file = fileURLToPath(new URL('./oracle/bpe.json', import.meta.url));
const hashesOf = (vocab: string[], merges: unknown, ids: number[][]) => ({
  tokens: vocab.length,
  vocab: hashString(JSON.stringify(vocab)),
  merges: hashString(JSON.stringify(merges)),
  ids: hashString(JSON.stringify(ids)),
});
const python = process.env.TASKLOOM_TOKENIZERS;
if (python) {
  const input = JSON.stringify(jobs.map(({ text, options }) => ({ options, text: shelf[text](), probes })));
  const script = fileURLToPath(new URL('./oracle/train.py', import.meta.url));
  const results = JSON.parse(execFileSync(python, [script], { input, maxBuffer: 2 ** 30 }).toString()) as {
    vocab: string[];
    merges: unknown;
    ids: number[][];
  }[];
  const hashes = results.map(({ vocab, merges, ids }, i) => [jobs[i]!.name, hashesOf(vocab, merges, ids)]);
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(hashes), null, 1)}\n`);
}
const expected = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
const available = existsSync(`${shared}/tinyshakespeare`);
if (!available) console.log('skipped: training on real text, for want of ../shared/data');

/** The algorithm by its definition: all pairs counted anew before each merge. */
function slowly(words: readonly string[], size: number): { vocab: string[]; merges: [string, string][] } {
  const symbols = words.map((word) => [...Buffer.from(word)].map((byte) => bytes.indexOf(byteName(byte))));
  const vocab = [...bytes];
  const merges: [string, string][] = [];
  while (vocab.length < size) {
    const counts = new Map<string, number>();
    for (const word of symbols)
      for (let i = 1; i < word.length; i++) counts.set(`${word[i - 1]} ${word[i]}`, (counts.get(`${word[i - 1]} ${word[i]}`) ?? 0) + 1);
    const best = [...counts].map(([pair, count]) => ({ ids: pair.split(' ').map(Number) as [number, number], count }));
    best.sort((a, b) => b.count - a.count || a.ids[0] - b.ids[0] || a.ids[1] - b.ids[1]);
    if (!best[0]) break;
    const [left, right] = best[0].ids;
    const name = vocab[left]! + vocab[right]!;
    if (vocab.includes(name)) return { vocab: [], merges: [] }; // made in two ways: not part of this check
    merges.push([vocab[left]!, vocab[right]!]);
    vocab.push(name);
    for (const word of symbols)
      for (let i = 0; i + 1 < word.length; i++) if (word[i] === left && word[i + 1] === right) word.splice(i, 2, vocab.length - 1);
  }
  return { vocab, merges };
}
const byteName = (byte: number) => tokenByte[byte]!;
const tokenByte = (() => {
  let moved = 0;
  return Array.from({ length: 256 }, (_, b) =>
    String.fromCharCode((b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174 ? b : 256 + moved++),
  );
})();
const bytes = [...tokenByte].sort();

describe('trainByteLevelBpe', () => {
  it.each(jobs.filter(({ text }) => text === 'nasty' || available))(
    'gives what the native trainer gives: $name',
    async ({ name, text, options }) => {
      const trained = await train(shelf[text](), options);
      const { encode } = tokenizer(trained);
      const ids = probes.map((probe) => Array.from(encode(probe).ids, (id) => id - 1));
      expect(hashesOf(vocabOf(trained), trained.model.merges, ids)).toEqual(expected[name]);
    },
  );

  it('equals the algorithm by its definition', async () => {
    const words = fc.array(fc.stringMatching(/^[abcd]{1,7}$/), { minLength: 1, maxLength: 12 });
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(words, fc.integer({ min: 256, max: 275 }), async (given, vocabularySize) => {
        const { vocab, merges } = slowly(given, vocabularySize);
        if (vocab.length === 0) return;
        compared++;
        const trained = (await trainByteLevelBpe(given, { vocabularySize, minimumFrequency: 1 })) as unknown as Trained;
        expect(trained.model.merges).toEqual(merges);
        expect(vocabOf(trained)).toEqual(vocab);
      }),
      { numRuns: 200 },
    );
    expect(compared).toBeGreaterThan(50);
  });

  it('does not depend on the order of the texts, and loses no text', async () => {
    const { texts } = nastyTexts();
    const options = { vocabularySize: 700, specialTokens: ['[PAD]'] };
    const trained = await trainByteLevelBpe(texts, options);
    expect(await trainByteLevelBpe(texts.toReversed(), options)).toEqual(trained);
    const made = tokenizer(trained);
    expect(made.specials.get('[PAD]')).toBe(1);
    for (const text of texts.slice(0, 100)) if (!text.includes('[PAD]')) expect(made.decode(made.encode(text).ids)).toBe(text);
  });

  it('reports, lets other work go on, and stops', async () => {
    const text = Array.from({ length: 60_000 }, (_, i) => `w${(i * 2654435761) % 4294967291}`).join(' ');
    const reports: BpeTrainingProgress[] = [];
    let turns = 0;
    const timer = setInterval(() => turns++);
    await trainByteLevelBpe([text, text], { onProgress: (report) => reports.push(report) });
    clearInterval(timer);
    expect(reports.length).toBeGreaterThan(0);
    expect(turns).toBeGreaterThan(0);
    expect(reports.at(-1)).toMatchObject({ stage: 'merging', total: 30_000 });
    const abort = new AbortController();
    const stopped = trainByteLevelBpe([text, text], { onProgress: () => abort.abort(new Error('enough')), signal: abort.signal });
    await expect(stopped).rejects.toThrow('enough');
    await expect(trainByteLevelBpe([], { signal: AbortSignal.abort(new Error('never')) })).rejects.toThrow('never');
  });

  it('makes do with nothing and refuses what is no size', async () => {
    expect(vocabOf((await trainByteLevelBpe([])) as unknown as Trained).length).toBe(256);
    await expect(trainByteLevelBpe([], { vocabularySize: 1.5 })).rejects.toThrow(TaskloomError);
    const limited = await train('aaa bb c', { alphabet: 'seen', limitAlphabet: 2, minimumFrequency: 1 });
    expect(vocabOf(limited)).toEqual(['a', 'b', 'aa', 'bb', 'aaa']);
  });

  it('cuts lines as they end, however the text comes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('a', '\n', '\r', '👍', ' ')), fc.nat(30), async (parts, at) => {
        const text = parts.join('');
        const lines: string[] = [];
        for await (const line of linesWithEndings([text.slice(0, at), text.slice(at)])) lines.push(line);
        expect(lines).toEqual(text.match(/[^\n]*\n|[^\n]+$/g) ?? []);
      }),
    );
  });
});
