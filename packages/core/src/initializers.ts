import { abs, clipByValue, lessEqual, mul, ones, sub, type Tensor, tensor, tidy, where, zeros } from '@tensorflow/tfjs-core';
import { TaskloomError } from './error';
import { normalDraws } from './host-random';
import { isHostKey, type Random } from './random';

export type Initializer =
  | 'glorotUniform'
  | 'glorotNormal'
  | 'heUniform'
  | 'heNormal'
  | 'lecunUniform'
  | 'lecunNormal'
  | 'truncatedNormal'
  | 'orthogonal'
  | 'uniform'
  | 'normal'
  | 'zeros'
  | 'ones';

export interface InitializerOptions {
  /** Inputs that one output sums over. Default: from the shape, `[…window, in, out]`. */
  readonly fanIn?: number;
  /** Outputs that one input reaches. Default: from the shape, `[…window, in, out]`. */
  readonly fanOut?: number;
  /**
   * Of `uniform` the bound (default 0.05), of `normal` the standard deviation (default 0.05), of `truncatedNormal` the deviation before the cut
   * at two of it (default 0.02), of all others a factor on the values (default 1).
   */
  readonly scale?: number;
}

/**
 * Initial values of a float32 tensor of `shape`; the caller owns it. Bounds and deviations:
 * glorot √(6/(in+out)), √(2/(in+out)) (Glorot and Bengio 2010); he √(6/in), √(2/in) (He et al. 2015, arXiv 1502.01852);
 * lecun √(3/in), √(1/in) (LeCun et al. 1998); orthogonal: rows or columns, whichever are fewer, orthonormal (Saxe et al. 2013, arXiv 1312.6120),
 * of the matrix [everything but the last axis, last axis].
 */
export function initialize(name: Initializer, random: Random, shape: readonly number[], options: InitializerOptions = {}): Tensor {
  const { scale = defaultScale[name] ?? 1, fanIn = fansOf(shape)[0], fanOut = fansOf(shape)[1] } = options;
  switch (name) {
    case 'glorotUniform':
      return uniformWithin(random, shape, scale * Math.sqrt(6 / (fanIn + fanOut)));
    case 'glorotNormal':
      return normalOf(random, shape, scale * Math.sqrt(2 / (fanIn + fanOut)));
    case 'heUniform':
      return uniformWithin(random, shape, scale * Math.sqrt(6 / fanIn));
    case 'heNormal':
      return normalOf(random, shape, scale * Math.sqrt(2 / fanIn));
    case 'lecunUniform':
      return uniformWithin(random, shape, scale * Math.sqrt(3 / fanIn));
    case 'lecunNormal':
      return normalOf(random, shape, scale * Math.sqrt(1 / fanIn));
    case 'truncatedNormal':
      return truncatedNormal(random, shape, scale);
    case 'orthogonal':
      return orthogonal(random, shape, scale);
    case 'uniform':
      return uniformWithin(random, shape, scale);
    case 'normal':
      return normalOf(random, shape, scale);
    case 'zeros':
      return zeros([...shape]);
    case 'ones':
      return scale === 1 ? ones([...shape]) : tidy(() => mul(ones([...shape]), scale));
    default:
      throw new TaskloomError('unknown_initializer', `There is no initialiser '${name as string}'.`, { name: name as string });
  }
}

const defaultScale: { readonly [name in Initializer]?: number } = { uniform: 0.05, normal: 0.05, truncatedNormal: 0.02 };

/** [in, out] of a weight `[…window, in, out]`; a vector counts as [1, n]. */
function fansOf(shape: readonly number[]): [number, number] {
  const window = shape.slice(0, -2).reduce((a, b) => a * b, 1);
  return [window * (shape.at(-2) ?? 1), window * (shape.at(-1) ?? 1)];
}

function uniformWithin(random: Random, shape: readonly number[], bound: number): Tensor {
  return tidy(() => mul(sub(mul(random.uniform(shape), 2), 1), bound));
}

function normalOf(random: Random, shape: readonly number[], deviation: number): Tensor {
  return tidy(() => mul(random.normal(shape), deviation));
}

/** Draws beyond two deviations (4.6 %) are drawn again, six times; what is left then (one in 10⁸) is cut. */
function truncatedNormal(random: Random, shape: readonly number[], deviation: number): Tensor {
  return tidy(() => {
    let draws = random.normal(shape);
    for (let round = 1; round <= 6; round++) draws = where(lessEqual(abs(draws), 2), draws, random.fold(round).normal(shape));
    return mul(clipByValue(draws, -2, 2), deviation);
  });
}

/** Gram–Schmidt in double precision, twice, on normal rows: uniform among the orthonormal frames (Haar). */
function orthogonal(random: Random, shape: readonly number[], scale: number): Tensor {
  const columns = shape.at(-1) ?? 1;
  const rows = shape.slice(0, -1).reduce((a, b) => a * b, 1);
  const [count, length] = rows < columns ? [rows, columns] : [columns, rows];
  const frame: Float64Array[] = [];
  const draws = hostNormal(random, count * length);
  for (let i = 0; i < count; i++) {
    const vector = Float64Array.from(draws.subarray(i * length, (i + 1) * length));
    for (let pass = 0; pass < 2; pass++) {
      for (const other of frame) {
        const along = dot(vector, other);
        for (let j = 0; j < length; j++) vector[j]! -= along * other[j]!;
      }
    }
    const norm = Math.sqrt(dot(vector, vector));
    frame.push(vector.map((value) => value / norm));
  }
  const at = (row: number, column: number) => (rows < columns ? frame[row]![column]! : frame[column]![row]!);
  const values = Float32Array.from({ length: rows * columns }, (_, i) => scale * at(Math.floor(i / columns), i % columns));
  return tensor(values, [...shape]);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function hostNormal(random: Random, count: number): Float32Array {
  if (isHostKey(random.key)) return normalDraws(random.key, count);
  return tidy(() => random.normal([count]).dataSync() as Float32Array);
}
