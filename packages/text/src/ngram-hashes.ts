/** FNV-1a, 32 bits (Fowler, Noll, Vo): h ← (h xor byte) · prime, as `hashString` of core for whole strings. */
const offsetBasis = 0x811c9dc5;
const prime = 0x01000193;
/** The multiplier by which fastText joins the hashes of successive words. */
const wordMultiplier = 116049371;

/**
 * Hashes of the character n-grams, `minimum` ≤ n ≤ `maximum` code points, of `<word>`: for each start, shorter before longer. A mark `<` or `>`
 * alone is no n-gram. One pass a start: the hash of n + 1 characters continues the hash of n.
 */
export function characterHashes(marked: Uint8Array, minimum: number, maximum: number): Int32Array {
  const hashes: number[] = [];
  const length = marked.length;
  for (let start = 0; start < length; start++) {
    if (continues(marked[start]!)) continue;
    let h = offsetBasis;
    let end = start;
    for (let n = 1; n <= maximum && end < length; n++) {
      do h = Math.imul(h ^ marked[end++]!, prime);
      while (end < length && continues(marked[end]!));
      if (n >= minimum && !(n === 1 && (start === 0 || end === length))) hashes.push(h);
    }
  }
  return new Int32Array(hashes);
}

/**
 * Hashes of the character n-grams, `minimum` ≤ n ≤ `maximum` code points, that have a space inside, neither first nor last: those that no word has by itself.
 * For each start, shorter before longer.
 */
export function spanningHashes(text: Uint8Array, minimum: number, maximum: number): Int32Array {
  const length = text.length;
  // At most: each start with each length.
  const hashes = new Int32Array(length * (maximum - minimum + 1));
  let count = 0;
  for (let start = 0; start < length; start++) {
    if (continues(text[start]!)) continue;
    let h = offsetBasis;
    let end = start;
    let spans = false;
    let last = false;
    for (let n = 1; n <= maximum && end < length; n++) {
      spans ||= last;
      last = n > 1 && text[end] === space;
      do h = Math.imul(h ^ text[end++]!, prime);
      while (end < length && continues(text[end]!));
      if (n >= minimum && spans) hashes[count++] = h;
    }
  }
  return hashes.subarray(0, count);
}

const space = 0x20;

/** h ← h · 116049371 + hash of the next word, modulo 2³² (fastText computes modulo 2⁶⁴). */
export function joinWords(h: number, next: number): number {
  return (Math.imul(h, wordMultiplier) + next) | 0;
}

/** The id 1 + (low 31 bits of mix(h)) mod `buckets`; negative where `signed` and the top bit is set. */
export function bucketOf(h: number, buckets: number, signed: boolean): number {
  const mixed = mix(h);
  const id = 1 + ((mixed & 0x7fffffff) % buckets);
  return signed && mixed < 0 ? -id : id;
}

/** Murmur3's finaliser: FNV's low bits depend on the low bits of the bytes alone, these depend on all (A. Appleby, public domain). */
function mix(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function continues(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
