import { TaskloomError } from '@taskloom/core/host';
import { describe, expect, it } from 'vitest';
import { tokenizer } from '../src';
import { patternFault } from '../src/pattern-fault';
import { wordPiece } from './tokenizer-files';

const raw = String.raw;

/** Split patterns of published tokenizer.json files, and others that are fine. */
const legitimate: Record<string, string> = {
  'GPT-2': raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
  'GPT-4 (cl100k), Llama 3': raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  'GPT-4, possessive': raw`'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s`,
  'GPT-4o (o200k)': raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  'Qwen 2': raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  'DeepSeek V3': raw`[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_${'`'}{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
  BLOOM: raw` ?[^(\s|[.,!?…。，、।۔،])]+`,
  CLIP: raw`<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`,
  'digits from the right': raw`\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N}))`,
  'Chinese and kana': raw`[一-龥぀-ゟ゠-ヿ]+`,
  'several spaces': raw` {2,}`,
  'ends of a text': raw`^\s+|\s+$`,
  'words with hyphens': raw`\w+(?:['-]\w+)*`,
  'words and spaces in turn': raw`(?:\s+\p{L}+)+$`,
  'a repetition after which nothing can fail': raw`(a|aa)+`,
};

/** Exponential, or cubic and worse, on some text. */
const hostile: readonly string[] = [
  raw`(a+)+$`,
  raw`(a|aa)+$`,
  raw`(a|a)*$`,
  raw`(a*)*b`,
  raw`(.*)*x`,
  raw`(?:.|[^x])+x`,
  raw`([a-z]+)*!`,
  raw`(\w|\d)+$`,
  raw`(\d+|\w+)*$`,
  raw`(?:\p{L}|\p{Lu})+$`,
  raw`(?:[[:alpha:]]|\p{Ll})+$`,
  raw`(x+x+)+y`,
  raw`^(([a-z])+.)+[A-Z]`,
  raw`(a|b|ab)*c`,
  raw`(\s*,?)*$`,
  raw`((ab)*)*c`,
  raw`(a?b?)*c`,
  raw`(?:x(?:|))*y`,
  raw`([^\s]+ ?)+x`,
  raw`(?i:a|A)+b`,
  raw`(?=(a+)+b)`,
  raw`(?<=b(a|aa)+)c`,
  raw`(a++)+b`,
  raw`(?:a|aa){20,}b`,
  raw`(?:a?){50}a{50}`,
  'a?'.repeat(30) + 'a'.repeat(30),
  raw`(a|aa)+(?!b)$`,
  raw`\s*\s*x`,
  raw`a*a*a*a*b`,
  raw`(a+){10}$`,
];

function file(pattern: string, section = 'pre_tokenizer') {
  const inner =
    section === 'pre_tokenizer'
      ? { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false }
      : { type: 'Replace', pattern: { Regex: pattern }, content: '' };
  return {
    ...wordPiece,
    [section]: { type: 'Sequence', [`${section}s`]: [inner], normalizers: [inner], pretokenizers: [inner], decoders: [inner] },
  };
}

function refusal(run: () => unknown): TaskloomError {
  try {
    run();
  } catch (error) {
    if (TaskloomError.isInstance(error)) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('patterns of a tokenizer.json', () => {
  it.each(Object.entries(legitimate))('%s is accepted, and quick on long runs', (_, pattern) => {
    const made = tokenizer(file(pattern));
    for (const run of ['a', 'A', '1', ' ', "'", '\n', '!', 'ab ', 'é', '漢'])
      expect(made.encode(`${run.repeat(500)}\0`).ids.length).toBeGreaterThan(0);
  });

  it.each(hostile)('%s is refused', (pattern) => {
    const error = refusal(() => tokenizer(file(pattern)));
    expect(error.code).toBe('tokenizer_invalid');
    expect(error.message).toContain(pattern);
  });

  it.each(['normalizer', 'decoder'])('of a %s, too', (section) => {
    expect(refusal(() => tokenizer(file('(a|aa)+$', section))).message).toContain(`'${section}'`);
  });

  it('a pattern that is none is refused', () => {
    for (const pattern of ['(', '[', '*', 'a{2,1}', raw`\p{Nonsense}`])
      expect(refusal(() => tokenizer(file(pattern))).code).toBe('tokenizer_invalid');
  });

  it('patterns of any size are judged soon', () => {
    const words = Array.from({ length: 600 }, (_, i) => i.toString(36)).join('|');
    for (const pattern of [
      words,
      `(?:${words})+x`,
      '('.repeat(1500) + ')'.repeat(1500),
      '(?:a{10}){10}'.repeat(100),
      '(?:a|b)?'.repeat(400),
      '(?:a*b*c*)'.repeat(300),
    ]) {
      const start = process.cpuUsage();
      patternFault(pattern);
      expect(process.cpuUsage(start).user, pattern.slice(0, 30)).toBeLessThan(1e6);
    }
  });
});
