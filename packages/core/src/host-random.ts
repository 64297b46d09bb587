/** Two 32-bit words; with an index they determine every draw. */
export type Key = readonly [number, number];

/** Murmur3's finaliser: a bijection of 32-bit words in which every input bit reaches every output bit (A. Appleby, public domain). */
function mix(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Draw number `index` of the stream `key`: 32 bits, as a signed integer. Two rounds, so that different keys are different functions and not windows of one sequence. */
export function randomBits(key: Key, index: number): number {
  return mix(mix((Math.imul(index, 0x9e3779b1) + key[0]) | 0) ^ key[1]);
}

/** The key of a sub-stream. Strings enter by their FNV-1a hash. */
export function foldKey(key: Key, id: number | string): Key {
  const word = typeof id === 'string' ? hashString(id) : id | 0;
  return [randomBits([key[1], key[0]], word ^ 0x5bd1e995), randomBits(key, ~word)];
}

/** FNV-1a over UTF-8 bytes, 32 bits. */
export function hashString(text: string): number {
  let h = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) h = Math.imul(h ^ byte, 0x01000193);
  return h | 0;
}

export function seedKey(seed: number | string): Key {
  return foldKey([0x243f6a88, 0x13198a2e | 0], seed);
}

/** Uniform in [0, 1) on the grid of 2⁻²⁴. */
export function uniformDraws(key: Key, count: number): Float32Array {
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++) out[i] = (randomBits(key, i) >>> 8) / 16777216;
  return out;
}

/** The grid of `bernoulliDraws`: probabilities are multiples of 2⁻¹⁶. */
export const bernoulliGrid = 65536;

/**
 * 1 with `probability`, rounded to the grid, else 0. Draw i of n takes the lower half of word i, or for i ≥ ⌈n/2⌉ the upper half of word i − ⌈n/2⌉.
 * Word j is mix((mix(j·φ) + k₀) ⊕ k₁): what depends on j alone is a constant of a traced graph, so that a mask costs a quarter of as many uniforms.
 */
export function bernoulliDraws(key: Key, count: number, probability: number): Float32Array {
  const out = new Float32Array(count);
  const words = Math.ceil(count / 2);
  const threshold = Math.round(probability * bernoulliGrid);
  for (let j = 0; j < words; j++) {
    const word = mix(((mix(Math.imul(j, 0x9e3779b1)) + key[0]) | 0) ^ key[1]);
    out[j] = (word & 0xffff) < threshold ? 1 : 0;
    if (words + j < count) out[words + j] = word >>> 16 < threshold ? 1 : 0;
  }
  return out;
}

/**
 * Standard normal by inverse transform: the upper 12 bits choose a cell of the tabulated quantile function, the lower ones interpolate in it;
 * the two outer cells are divided again. Only gathers, additions and multiplications of float32, so that every backend and a traced graph
 * give the same bits. |z| reaches 5.4.
 */
export function normalDraws(key: Key, count: number): Float32Array {
  const { cells, tail } = normalTables();
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const bits = randomBits(key, i);
    const cell = bits >>> 20;
    const low = (bits >>> 8) & 4095;
    if (cell === 0) out[i] = tail[low]!;
    else if (cell === 4095) out[i] = -tail[4095 - low]!;
    else {
      const left = cells[cell]!;
      out[i] = Math.fround(left + Math.fround(Math.fround(cells[cell + 1]! - left) * Math.fround((low + 0.5) / 4096)));
    }
  }
  return out;
}

let tables: { cells: Float32Array; tail: Float32Array } | undefined;

/** `cells[i]` = Φ⁻¹(i/4096) for 0 < i < 4096, `tail[j]` = Φ⁻¹((j + ½)/2²⁴). */
export function normalTables(): { readonly cells: Float32Array; readonly tail: Float32Array } {
  tables ??= {
    cells: Float32Array.from({ length: 4097 }, (_, i) => (i === 0 || i === 4096 ? 0 : normalQuantile(i / 4096))),
    tail: Float32Array.from({ length: 4096 }, (_, j) => normalQuantile((j + 0.5) / 16777216)),
  };
  return tables;
}

/** Φ⁻¹(p): a rational approximation as a start, then three Halley steps; relative error below 1e-12. */
function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p);
  const t = Math.sqrt(-2 * Math.log(p));
  // Abramowitz & Stegun 26.2.23, |error| < 4.5e-4.
  let x = -(t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t));
  for (let i = 0; i < 3; i++) {
    const density = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
    const error = (normalCumulative(x) - p) / density;
    x -= error / (1 + 0.5 * x * error); // Halley
  }
  return x;
}

/** Φ(x) for x ≤ 0: a continued fraction in the tail, a series near zero; relative error below 1e-12. */
function normalCumulative(x: number): number {
  const density = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
  if (x < -2.5) {
    let fraction = -x;
    for (let k = 120; k >= 1; k--) fraction = -x + k / fraction;
    return density / fraction;
  }
  let term = x;
  let sum = x;
  for (let k = 1; k < 60; k++) {
    term *= (x * x) / (2 * k + 1);
    sum += term;
  }
  return 0.5 + density * sum;
}

/** Random draws on the host: shuffles, samplers, initial values. Immutable: the same stream gives the same draws each time it is asked. */
export interface HostRandom {
  readonly key: Key;
  fold(id: number | string): HostRandom;
  uniform(count: number): Float32Array;
  normal(count: number): Float32Array;
  /** A uniform permutation of 0 … count−1 (Fisher–Yates). */
  permutation(count: number): Int32Array;
}

export function hostRandom(seed: number | string | Key): HostRandom {
  const key = Array.isArray(seed) ? (seed as unknown as Key) : seedKey(seed as number | string);
  return {
    key,
    fold: (id) => hostRandom(foldKey(key, id)),
    uniform: (count) => uniformDraws(key, count),
    normal: (count) => normalDraws(key, count),
    permutation(count) {
      const order = Int32Array.from({ length: count }, (_, i) => i);
      for (let i = count - 1; i > 0; i--) {
        // 32 random bits scaled to i + 1 values: bias below 2⁻³² · count.
        const j = Math.floor(((randomBits(key, i) >>> 0) / 4294967296) * (i + 1));
        const swap = order[i]!;
        order[i] = order[j]!;
        order[j] = swap;
      }
      return order;
    },
  };
}
