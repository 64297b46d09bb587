import { inRanges, later } from './later-characters';

/** A test of single code points that remembers its answers: 1 yes, 2 no. Those in the ranges `never` do not pass, whatever the engine knows of them. */
function remembered(pattern: RegExp, never?: string): (char: string) => boolean {
  let basic: Uint8Array | undefined;
  let excluded: ((code: number) => boolean) | undefined;
  const others = new Map<string, boolean>();
  const test = (char: string) => {
    if (never !== undefined) excluded ??= inRanges(never);
    return pattern.test(char) && !excluded?.(char.codePointAt(0)!);
  };
  return (char) => {
    if (char.length === 1) {
      const code = char.charCodeAt(0);
      basic ??= new Uint8Array(0x10000);
      if (basic[code] === 0) basic[code] = test(char) ? 1 : 2;
      return basic[code] === 1;
    }
    let answer = others.get(char);
    if (answer === undefined) {
      if (others.size >= 1 << 16) others.clear();
      answer = test(char);
      others.set(char, answer);
    }
    return answer;
  };
}

/** Unicode's White_Space. */
export const isSpace = remembered(/^\p{White_Space}$/u);
/** Punctuation as the native library sees it: Unicode's, and that of ASCII (`$+<=>^|~` and the backquote too). */
export const isPunctuation = remembered(/^[\p{P}$+<=>^`|~\u166d\u{111c9}]$/u, later.punctuation);
/** Digits, letters that are numbers, and other numbers. */
export const isNumeric = remembered(/^\p{N}$/u);
export const isMark = remembered(/^[\p{M}\u1cf2\u1cf3]$/u, later.marks);
export const isNonspacingMark = remembered(/^[\p{Mn}\u1734\u{1171e}]$/u, later.nonspacingMarks);
/** What BERT takes for control characters: all of Unicode's category "other" but tab and line ends. */
export const isControl = remembered(/^(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}]$/u, later.controls);
/** The blocks of CJK ideographs that BERT parts from their neighbours. */
export const isIdeograph = remembered(
  /^[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]$/u,
);
/** A character of a word, as `\w` of Rust and Oniguruma. */
export const isWord = remembered(/^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u);
