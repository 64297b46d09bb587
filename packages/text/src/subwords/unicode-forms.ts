import { type AlignedText, type Changes, transformed } from './aligned-text';

export type Form = 'NFC' | 'NFD' | 'NFKC' | 'NFKD';

/**
 * A Unicode normalisation form that keeps track of what each code point was made from. JavaScript normalises but does not say how, so the algorithm
 * (Unicode Standard Annex 15: decompose, order marks, compose) runs here, on questions that `String.normalize` answers for one or two code points.
 */
export function toForm(text: AlignedText, form: Form): AlignedText {
  const whole = text.chars.join('');
  if (whole.normalize(form) === whole) return text;
  const decomposed = decompose(text.chars, form === 'NFC' || form === 'NFD' ? 'NFD' : 'NFKD');
  return transformed(text, form === 'NFD' || form === 'NFKD' ? decomposed : compose(decomposed));
}

function decompose(given: readonly string[], form: 'NFD' | 'NFKD'): Changes {
  const chars: string[] = [];
  const counts: number[] = [];
  for (const char of given) {
    let count = 0;
    for (const part of char < '\x80' ? char : char.normalize(form)) {
      // Marks stand in the order of their classes, equal ones in the order given.
      let at = chars.length;
      if (isNonstarter(part)) while (at > 0 && isNonstarter(chars[at - 1]!) && comesAfter(chars[at - 1]!, part)) at--;
      chars.splice(at, 0, part);
      counts.splice(at, 0, count);
      count = 1;
    }
  }
  return { chars, counts };
}

function compose({ chars, counts }: Changes): Changes {
  const out: Changes = { chars: [], counts: [] };
  const put = (char: string, count: number) => {
    out.chars.push(char);
    out.counts.push(count);
  };
  let starter: { char: string; count: number } | undefined;
  let marks: [string, number][] = [];
  const flush = () => {
    if (starter) put(starter.char, starter.count);
    for (const [char, count] of marks) put(char, count);
    starter = undefined;
    marks = [];
  };
  chars.forEach((char, i) => {
    const count = counts[i]!;
    const mark = isNonstarter(char);
    if (!starter) {
      if (mark) put(char, count);
      else starter = { char, count };
      return;
    }
    const last = marks.at(-1);
    const blocked = last !== undefined && (!mark || !comesAfter(char, last[0]));
    const composed = blocked ? undefined : composite(starter.char, char);
    if (composed !== undefined) starter = { char: composed, count: starter.count + count - 1 };
    else if (mark) marks.push([char, count]);
    else {
      flush();
      starter = { char, count };
    }
  });
  flush();
  return out;
}

const nonstarters = new Map<string, boolean>();

/** Whether the canonical combining class is not 0: such a mark changes places with a mark of class 1 before it or of class 240 behind it. */
function isNonstarter(char: string): boolean {
  if (char < '\u0300') return false;
  let answer = nonstarters.get(char);
  if (answer === undefined) {
    if (nonstarters.size >= 1 << 16) nonstarters.clear();
    answer = /^\p{M}$/u.test(char) && (comesAfter(char, '\u0334') || comesAfter('\u0345', char) || char === '\u0334');
    nonstarters.set(char, answer);
  }
  return answer;
}

/** Whether the class of `a` is greater than that of `b`, neither being 0. */
function comesAfter(a: string, b: string): boolean {
  return a !== b && (a + b).normalize('NFD') !== a + b;
}

/** The one code point that two compose to. */
function composite(a: string, b: string): string | undefined {
  if (b < '\x80') return undefined;
  const both = (a + b).normalize('NFC');
  return both.length === (both.codePointAt(0)! > 0xffff ? 2 : 1) ? both : undefined;
}
