import { hostRandom } from '@taskloom/core';

/** A Gramian (row-major [count, count]) and a u ≥ 0 for the cone projection. */
export interface Problem {
  readonly kind: string;
  readonly count: number;
  readonly gramian: Float64Array;
  readonly u: Float64Array;
}

const kinds = [
  'random',
  'correlated',
  'low rank',
  'duplicates',
  'nearly parallel',
  'opposite',
  'stationary',
  'zero rows',
  'scale 1e±12',
  'row scales 1e±12',
  'low rank, row scales 1e±12',
] as const;

/** Problem `index` of an endless series: every kind in turn, mostly small, every fiftieth of 64 tasks or more, one in three hundred of 512. */
export function problem(index: number): Problem {
  const random = hostRandom(index).fold('quadratic');
  const kind = kinds[index % kinds.length]!;
  const [t, p, r, which] = random.uniform(4) as unknown as [number, number, number, number];
  const round = Math.floor(index / kinds.length);
  const count = round % 300 === 299 ? 512 : round % 4 === 3 && round % 12 === 11 ? 64 + Math.floor(64 * t) : 1 + Math.floor(20 * t);
  const width = 1 + Math.floor(2 * count * p);
  const lowRank = kind.startsWith('low rank');
  const rank = lowRank ? 1 + Math.floor(r * Math.min(count, width)) : width;
  let rows = matrix(random.fold('rows').normal(count * rank), count, rank);
  if (lowRank) rows = times(rows, matrix(random.fold('basis').normal(rank * width), rank, width));
  const draws = random.fold('more').normal(2 * count);
  const scales = random.fold('scales').uniform(count);
  const at = Math.floor(which * count);
  if (kind === 'correlated') rows = rows.map((row) => row.map((value, k) => value + (k === 0 ? 1.5 : 0)));
  if (kind === 'duplicates') rows = rows.map((row, i) => (draws[i]! > 0 ? rows[at]! : row));
  if (kind === 'nearly parallel')
    rows = rows.map((row, i) => row.map((value, k) => (draws[i]! > 1 ? -1 : 1) * rows[at]![k]! + 10 ** (-3 - 6 * r) * value));
  if (kind === 'opposite') rows = rows.map((row, i) => (i === (at + 1) % count ? rows[at]!.map((value) => -2 * value) : row));
  if (kind === 'stationary')
    rows = rows.map((row, i) =>
      i === at ? rows[0]!.map((_, k) => -rows.reduce((sum, other, j) => sum + (j === at ? 0 : other[k]!), 0)) : row,
    );
  if (kind === 'zero rows') rows = rows.map((row, i) => (draws[i]! > 1 ? row.map(() => 0) : row));
  if (kind === 'scale 1e±12') rows = rows.map((row) => row.map((value) => value * (which < 0.5 ? 1e-12 : 1e12)));
  if (kind.endsWith('row scales 1e±12')) rows = rows.map((row, i) => row.map((value) => value * 10 ** (24 * scales[i]! - 12)));
  const gramian = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      let product = 0;
      for (let k = 0; k < width; k++) product += rows[i]![k]! * rows[j]![k]!;
      gramian[i * count + j] = gramian[j * count + i] = product;
    }
  }
  const u = new Float64Array(count);
  if (round % 3 === 0) u[at] = 1;
  else for (let i = 0; i < count; i++) u[i] = round % 3 === 1 ? 1 / count : Math.abs(draws[count + i]!);
  return { kind, count, gramian, u };
}

/**
 * How far w is from the conditions of optimality of min wᵀGw over the simplex: the slope sᵢ = (Gw)ᵢ − wᵀGw must be ≥ 0, and 0 where wᵢ > 0. Slopes are in units
 * of their rows, sᵢ/‖gᵢ‖, and relative to the root of max(wᵀGw, wᵀdiag(G)w).
 */
export function simplexResidual({ count, gramian }: Problem, w: Float64Array): number {
  const { products, square, size } = quadratic(gramian, w, count);
  let worst = Math.abs(w.reduce((a, b) => a + b, 0) - 1);
  for (let i = 0; i < count; i++) {
    if (!(w[i]! >= 0)) return Number.POSITIVE_INFINITY;
    const norm = Math.sqrt(gramian[i * count + i]!);
    if (size === 0) continue;
    const slope = products[i]! - square;
    // Where wᵢ > 0 a slope costs what wᵢ gains by it.
    worst = Math.max(worst, norm > 0 ? -slope / norm / Math.sqrt(size) : -slope / size, (w[i]! * slope) / size);
  }
  return worst;
}

/** The same for min vᵀGv over v ≥ u: (Gv)ᵢ must be ≥ 0, and 0 where vᵢ > uᵢ. */
export function coneResidual({ count, gramian, u }: Problem, v: Float64Array): number {
  const { products, size } = quadratic(gramian, v, count);
  let worst = 0;
  for (let i = 0; i < count; i++) {
    if (!(v[i]! >= u[i]!)) return Number.POSITIVE_INFINITY;
    const norm = Math.sqrt(gramian[i * count + i]!);
    if (norm > 0 && size > 0) worst = Math.max(worst, -products[i]! / norm / Math.sqrt(size), ((v[i]! - u[i]!) * products[i]!) / size);
  }
  return worst;
}

function quadratic(gramian: Float64Array, w: Float64Array, count: number) {
  const products = new Float64Array(count);
  let square = 0;
  let diagonal = 0;
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) products[i]! += gramian[i * count + j]! * w[j]!;
    square += w[i]! * products[i]!;
    diagonal += w[i]! ** 2 * gramian[i * count + i]!;
  }
  return { products, square, size: Math.max(square, diagonal) };
}

function matrix(values: ArrayLike<number>, count: number, width: number): number[][] {
  return Array.from({ length: count }, (_, i) => Array.from({ length: width }, (__, k) => values[i * width + k]!));
}

function times(left: readonly number[][], right: readonly number[][]): number[][] {
  return left.map((row) => right[0]!.map((_, k) => row.reduce((sum, value, q) => sum + value * right[q]![k]!, 0)));
}
