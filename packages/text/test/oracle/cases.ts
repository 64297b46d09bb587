import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { hostRandom } from '@taskloom/core/host';
import { byteCharacters } from '../../src/subwords/byte-level';
import { inRanges, later } from '../../src/subwords/later-characters';
import { wordPiece } from '../tokenizer-files';
import { sentencePieceTokenizer } from './sentence-piece';

type Config = Record<string, unknown>;

export const shared = fileURLToPath(new URL('../../../../../shared/data', import.meta.url));
export const available = existsSync(`${shared}/tokenizers`);
const unpacked = (path: string) => gunzipSync(readFileSync(`${shared}/${path}`));
export const trained = (path: string) => JSON.parse(unpacked(path).toString()) as Config;

/** Trained tokenisers of the three families, with some settings changed. */
export function trainedConfigs(): Record<string, Config> {
  const bert = trained('tokenizers/bert-base-uncased/tokenizer.json.gz');
  const gpt2 = trained('tokenizers/gpt2/tokenizer.json.gz');
  const piece = sentencePieceTokenizer(unpacked('tokenizers/sentencepiece/test_model.model.gz')) as Config;
  const byteLevel = { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true };
  return {
    bert,
    bertCased: { ...bert, normalizer: { ...(bert.normalizer as Config), lowercase: false, clean_text: false } },
    gpt2,
    gpt2Prefix: { ...gpt2, pre_tokenizer: byteLevel, post_processor: byteLevel },
    gpt2Roberta: {
      ...gpt2,
      normalizer: { type: 'NFC' },
      pre_tokenizer: { ...byteLevel, add_prefix_space: false },
      post_processor: { type: 'RobertaProcessing', sep: ['two', 11545], cls: ['one', 505], trim_offsets: true, add_prefix_space: false },
    },
    sentencePiece: piece,
    sentencePieceWhole: { ...piece, pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: false } },
    replacing: trained('checkpoints/model2vec-test-vocab-quantized/tokenizer.json.gz'),
  };
}

/** Every normaliser and pre-tokeniser before the 256 bytes, so that nothing is unknown and each byte shows where it comes from. */
export function byteConfigs(): Record<string, Config> {
  const vocab: Record<string, number> = {};
  byteCharacters.forEach((char, byte) => {
    vocab[char] = byte;
  });
  for (const token of ['th', 'the', 'Ã©', 'ðŁ', 'ĠĠ']) vocab[token] = Object.keys(vocab).length;
  const last = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false };
  const base = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: last,
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges: ['t h', 'th e', 'Ã ©', 'ð Ł', 'Ġ Ġ'],
    },
  };
  const normalizers: Record<string, Config> = {
    bertNormalizer: wordPiece.normalizer,
    bertNoStrip: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: false, strip_accents: false, lowercase: true },
    nmt: { type: 'Nmt' },
    lowercase: { type: 'Lowercase' },
    strip: { type: 'Strip', strip_left: true, strip_right: true },
    stripRight: { type: 'Strip', strip_left: false, strip_right: true },
    prepend: { type: 'Prepend', prepend: '▁x' },
    replace: { type: 'Replace', pattern: { Regex: '[aeiou]+|\\s' }, content: 'ÄB' },
    remove: { type: 'Replace', pattern: { String: 'e' }, content: '' },
    nfdStrip: { type: 'Sequence', normalizers: [{ type: 'NFKD' }, { type: 'StripAccents' }, { type: 'Lowercase' }] },
    nfcAfterNfd: {
      type: 'Sequence',
      normalizers: [{ type: 'NFD' }, { type: 'Strip', strip_left: true, strip_right: true }, { type: 'NFC' }],
    },
  };
  for (const form of ['NFC', 'NFD', 'NFKC', 'NFKD']) normalizers[form] = { type: form };
  const pattern = { Regex: '\\s+|\\d' };
  const cutters: Record<string, Config> = {
    bertCut: { type: 'BertPreTokenizer' },
    whitespace: { type: 'Whitespace' },
    whitespaceSplit: { type: 'WhitespaceSplit' },
    digits: { type: 'Digits', individual_digits: false },
    digit: { type: 'Digits', individual_digits: true },
    delimiter: { type: 'CharDelimiterSplit', delimiter: 'e' },
    fixed: { type: 'FixedLength', length: 3 },
    metaspace: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
    metaspaceFirst: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: true },
    metaspaceNever: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'never', split: false },
    gpt4: {
      type: 'Split',
      pattern: {
        Regex:
          "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
      },
      behavior: 'Removed',
      invert: true,
    },
  };
  for (const behavior of ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous']) {
    cutters[`split${behavior}`] = { type: 'Split', pattern, behavior, invert: false };
    cutters[`punctuation${behavior}`] = { type: 'Punctuation', behavior };
  }
  const added = (id: number, content: string, options: object) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: false,
    ...options,
  });
  const configs: Record<string, Config> = { bytes: base };
  for (const [name, normalizer] of Object.entries(normalizers)) configs[name] = { ...base, normalizer };
  for (const [name, cutter] of Object.entries(cutters))
    configs[name] = { ...base, pre_tokenizer: { type: 'Sequence', pretokenizers: [cutter, last] } };
  configs.added = {
    ...base,
    normalizer: { type: 'Lowercase' },
    model: { ...base.model, vocab: { ...vocab, '<m>': 300, '<M>x': 301, É: 302, cat: 303, dog: 304 } },
    added_tokens: [
      added(300, '<m>', { lstrip: true, rstrip: true, special: true }),
      added(301, '<M>x', {}),
      added(302, 'É', { normalized: true }),
      added(303, 'cat', { single_word: true }),
      added(304, 'dog', { single_word: true, normalized: true, lstrip: true }),
    ],
  };
  configs.byteFallback = {
    ...base,
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
    decoder: null,
    model: {
      ...base.model,
      byte_fallback: true,
      fuse_unk: true,
      unk_token: '<unk>',
      vocab: Object.fromEntries([
        ...Array.from({ length: 256 }, (_, byte) => [`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`, byte]),
        ...['<unk>', 'a', 'b', 'e', 't', 'h', '▁', '▁t', '▁th', '▁the'].map((token, i) => [token, 256 + i]),
      ]),
      merges: ['▁ t', '▁t h', '▁th e'],
    },
  };
  for (const fuse of [false, true])
    configs[`unknown${fuse ? 'Fused' : ''}`] = {
      ...base,
      pre_tokenizer: { type: 'Whitespace' },
      decoder: null,
      model: {
        ...base.model,
        fuse_unk: fuse,
        unk_token: '<unk>',
        continuing_subword_prefix: '##',
        end_of_word_suffix: '</w>',
        vocab: Object.fromEntries(
          ['<unk>', 't', '##h', '##e</w>', 'th', 'the</w>', '##a', 'a</w>', '##s</w>', 'c', 'ca'].map((token, i) => [token, i]),
        ),
        merges: ['t ##h', 'th ##e</w>', 'c ##a'],
      },
    };
  configs.wordLevel = {
    ...base,
    normalizer: { type: 'NFKC' },
    pre_tokenizer: { type: 'Whitespace' },
    decoder: null,
    model: { type: 'WordLevel', vocab: { '[UNK]': 0, the: 1, cat: 2, '.': 3 }, unk_token: '[UNK]' },
  };
  return configs;
}

const nasty = [
  '',
  ' ',
  '\n\t  ',
  'Hello world',
  '  two  spaces  and\ttabs\r\nand lines ',
  "Don't can't it's WE'LL they've o'clock",
  'café cafe\u0301 CAFÉ CAFE\u0301',
  'e\u0301e\u0300e\u0323\u0302 e\u0302\u0323 \u0301 \u0301\u0302a',
  'q\u0307\u0323 q\u0323\u0307 \u1e0b\u0323 d\u0323\u0307',
  'İstanbul ıİiI ΣΑΣ ς ǅ ŉ ẞ ß ﬁ ﬃ ﬀ',
  'Å Å Å A\u030a Ω Ω K K',
  '한국어 \u1112\u1161\u11ab\u1100\u1173\u11af 가각',
  '日本語のテキスト、東京2024年。カタカナ ｶﾞｷﾞ が か\u3099 ﾊﾟ',
  '中文没有空格，但是有标点！𠀀𠮷野家',
  '👍 👍🏽 👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪🇫🇷 ❤️ ☺ 1️⃣',
  'a👍b 👍the👍 the👍🏽the',
  '𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟙𝟚𝟛 ①②③ ½ ² x² ㎏ ㍿',
  'नमस्ते दुनिया क्षत्रिय \u0958 \u0915\u093c',
  'สวัสดีครับ กำ น้ำ',
  'مرحبا بالعالم ﷺ لا ﻻ',
  'שָׁלוֹם עולם שׁ',
  'Ｆｕｌｌ　ｗｉｄｔｈ，ｔｅｘｔ！',
  'zero\u200bwidth\u200djoin\ufeffbom soft\u00adhyphen',
  'nbsp\u00a0thin\u2009ideo\u3000nel\u0085line\u2028para\u2029end',
  'ctrl\u0000\u0001\u0007\u001b\u007f\u0080\u009f end',
  'private \ue000\uf8ff \ufffd \uffff \u{10ffff}',
  '...!!!???—–-_‘’“”«»¿¡§¶†‡•',
  '$100 + 5% = <tag> & `code` ^ ~ | \\ / @user #hash',
  'https://example.org/path?q=1&r=%20#frag user@mail.com',
  'supercalifragilisticexpialidocious antidisestablishmentarianism',
  'x'.repeat(101),
  'ab'.repeat(60),
  '1234567890 3.14159 1,000,000 ٠١٢٣ ०१२३ Ⅷ ⅷ',
  'camelCase snake_case kebab-case CONST_CASE',
  '▁ already ▁▁ there ▁the',
  'Ġ and Ċ and Ä themselves',
  '<m> a <m>b  <m>  <M>x <m>x É é cat cats a cat, dog DOG  dog dogs',
  '<|endoftext|> in <|endoftext|>text [CLS] [SEP][MASK] [mask] [PAD]',
  'the thethe THE t h e',
  'Zalgo: z\u0351\u036b\u0343\u036a\u0302a\u0328\u0334\u0315l\u0336g\u0321o\u0322!\u0337',
  'Việt Nam Tiếng Việt ễ e\u0302\u0303',
  '\u0344 \u0345 \u0f73 \u0f75 \u0f81 \ufb2c \u1fbc \u212b',
  '\u0930\u093c \u09dc \u0b5c \u0b4b \u09c7\u09be \u0bca',
  'tail space ',
  ' lead space',
  'मराठी\n\nनवीन  ओळ',
  '😀😃😄😁😆😅😂🤣',
  '\u{1f468}\u200d\u{1f469} \u{e0067}\u{e007f} 🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}',
];

const pool = [
  ...[' ', ' ', ' ', '  ', '\n', '\t', '\u00a0', '\u3000', '\u200b', '\u200d', '\ufe0f', '\u0000', '\u0085', '\ufeff'],
  ...['a', 'e', 'T', 'h', 'the', 'Cat', 'é', 'É', 'e\u0301', '\u0301', '\u0323', '\u0327', '\u0345', 'ß', 'İ', 'ﬁ', 'Σ', 'ñ', 'ø'],
  ...['世', '界', 'が', 'か\u3099', 'ﾊﾟ', '한', '\u1112\u1161', '\u11ab', 'ที่', 'क्ष', 'ا', 'ש'],
  ...[
    '👍',
    '🏽',
    '👩‍👧',
    '🇩🇪',
    '𝔘',
    '𠀀',
    '\u{e0067}',
    '❤️',
    '½',
    '①',
    '7',
    '42',
    '٣',
    '.',
    ',',
    '!',
    "'s",
    '-',
    '_',
    '▁',
    '<m>',
    '$',
    '“',
    '\u00ad',
  ],
];

/** Hand-made and drawn texts, and pairs of them. */
export function nastyTexts(): { texts: string[]; pairs: [string, string][] } {
  const drawn = Array.from({ length: 260 }, (_, i) => {
    const draws = hostRandom('nasty').fold(i).uniform(24);
    return Array.from({ length: 3 + Math.floor(draws[0]! * 20) }, (_, j) => pool[Math.floor(draws[j + 1]! * pool.length)]!).join('');
  });
  // Code points of all scripts, but for marks so young that engines order them differently.
  const young = inRanges(`${later.marks} ${later.nonspacingMarks}`);
  const scattered = Array.from({ length: 60 }, (_, i) =>
    Array.from(hostRandom('scattered').fold(i).uniform(30), (u, j) => {
      const code = Math.floor(u * 0x3200);
      return (young(code) ? '' : String.fromCodePoint(code)) + (j % 5 ? '' : ' ');
    }).join(''),
  );
  const texts = [...nasty, ...drawn, ...scattered];
  return { texts, pairs: Array.from({ length: 20 }, (_, i) => [texts[3 + i]!, texts[40 + 7 * i]!]) };
}
