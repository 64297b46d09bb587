import { type AlignedText, type Changes, transformed } from './aligned-text';

/**
 * SentencePiece's normalisation by a compiled table (`precompiled_charsmap`, Base64): the size of a double-array trie in bytes, the trie (Darts: 32-bit units),
 * then replacements ending in 0. As in the original, clusters of fewer than six bytes are looked up whole, then each of their code points.
 */
export function charsmapNormalizer(base64: string): (text: AlignedText) => AlignedText {
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const size = view.getUint32(0, true);
  if (size > bytes.length - 4) throw new Error('the charsmap is cut short');
  const units = Uint32Array.from({ length: size >>> 2 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const replacements = bytes.subarray(4 + size);
  const utf8 = new TextEncoder();
  const decoder = new TextDecoder();
  const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

  /** The replacement for the shortest prefix that the trie holds. */
  function lookUp(text: string): string[] | undefined {
    let unit = units[0]!;
    let node = offsetOf(unit);
    for (const byte of utf8.encode(text)) {
      if (byte === 0) return undefined;
      node ^= byte;
      unit = units[node] ?? 0;
      if ((unit & 0x800000ff) >>> 0 !== byte) return undefined;
      node ^= offsetOf(unit);
      if ((unit >>> 8) & 1) {
        const start = (units[node] ?? 0) & 0x7fffffff;
        const end = replacements.indexOf(0, start);
        return [...decoder.decode(replacements.subarray(start, end < 0 ? undefined : end))];
      }
    }
    return undefined;
  }

  return (text) => {
    const changes: Changes = { chars: [], counts: [] };
    let modified = false;
    const put = (old: readonly string[], made: readonly string[]) => {
      modified = true;
      made.forEach((char, i) => {
        changes.chars.push(char);
        changes.counts.push(i < old.length ? 0 : 1);
      });
      if (made.length < old.length && changes.counts.length > 0) changes.counts[changes.counts.length - 1]! -= old.length - made.length;
    };
    for (const { segment } of graphemes.segment(text.chars.join(''))) {
      const chars = [...segment];
      const whole = utf8.encode(segment).length < 6 ? lookUp(segment) : undefined;
      if (whole) put(chars, whole);
      else
        for (const char of chars) {
          const made = lookUp(char);
          if (made) put([char], made);
          else {
            changes.chars.push(char);
            changes.counts.push(0);
          }
        }
    }
    return modified ? transformed(text, changes) : text;
  };
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}
