import { type AlignedText, filtered, mapped, piece, prepended, replaced } from './aligned-text';
import { byteLevel } from './byte-level';
import { isControl, isIdeograph, isMark, isNonspacingMark, isSpace } from './characters';
import { charsmapNormalizer } from './charsmap';
import { patternMatches, patternOf } from './split';
import { toForm } from './unicode-forms';

export type Normalizer = (text: AlignedText) => AlignedText;

/** The `normalizer` of a tokenizer.json, with alignment to the original. Throws for a type that it does not know. */
export function normalizer(section: unknown): Normalizer {
  if (section === null || section === undefined) return (text) => text;
  const config = section as { readonly type: string; readonly [option: string]: unknown };
  switch (config.type) {
    case 'Sequence': {
      const parts = (config.normalizers as unknown[]).map(normalizer);
      return (text) => parts.reduce((done, part) => part(done), text);
    }
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD': {
      const form = config.type;
      return (text) => toForm(text, form);
    }
    case 'Lowercase':
      return lowercase;
    case 'StripAccents':
      return (text) => filtered(text, (char) => !isMark(char));
    case 'Strip':
      return (text) => strip(text, config.strip_left !== false, config.strip_right !== false);
    case 'Prepend': {
      const content = String(config.prepend);
      return (text) => prepended(text, content);
    }
    case 'Replace': {
      const pattern = patternOf(config.pattern);
      const content = String(config.content);
      return (text) => replaced(text, patternMatches(text, pattern), content);
    }
    case 'Precompiled':
      return config.precompiled_charsmap ? charsmapNormalizer(String(config.precompiled_charsmap)) : (text) => text;
    case 'ByteLevel':
      return (text) => mapped(text, byteLevel);
    case 'Nmt':
      return nmt;
    case 'BertNormalizer':
      return bert(config);
    default:
      throw new Error(`the normalizer '${config.type}' is not known`);
  }
}

function bert(config: { readonly [option: string]: unknown }): Normalizer {
  const { clean_text: clean = true, handle_chinese_chars: ideographs = true, lowercase: lower = true } = config;
  const strip = config.strip_accents ?? lower;
  return (given) => {
    let text = given;
    if (clean) {
      text = filtered(text, (char) => char !== '\0' && char !== '\ufffd' && !isControl(char));
      text = mapped(text, (char) => (isSpace(char) ? ' ' : char));
    }
    if (text.chars.every((char) => char < '\x80')) return lower ? lowercase(text) : text;
    if (ideographs) text = mapped(text, (char) => (isIdeograph(char) ? [' ', char, ' '] : char));
    if (strip) text = filtered(toForm(text, 'NFD'), (char) => !isNonspacingMark(char));
    return lower ? lowercase(text) : text;
  };
}

/** Code point by code point, without regard to neighbours. */
function lowercase(text: AlignedText): AlignedText {
  return mapped(text, (char) => {
    const lower = char.toLowerCase();
    return lower.length > char.length ? [...lower] : lower;
  });
}

function strip(text: AlignedText, left: boolean, right: boolean): AlignedText {
  let from = 0;
  let to = text.chars.length;
  if (left) while (from < to && isSpace(text.chars[from]!)) from++;
  if (right) while (to > from && isSpace(text.chars[to - 1]!)) to--;
  return { ...piece(text, from, to), shift: text.shift };
}

const spaces = /^[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]$/u;
const controls = /^(?![\0\t\n\f\r\x80-\x8e\x90-\x9e])\p{Cc}$/u;

/** The normalisation of neural machine translation: control characters go, odd spaces become spaces. */
function nmt(text: AlignedText): AlignedText {
  const kept = filtered(text, (char) => !controls.test(char));
  return mapped(kept, (char) => (spaces.test(char) ? ' ' : char));
}
