import type { Tensor } from '@tensorflow/tfjs-core';

/* Plain formulas in double precision, loops only: what the modules are compared with. */

export type Matrix = number[][];

export const matrix = (x: Tensor): Matrix => x.arraySync() as Matrix;
export const vector = (x: Tensor): number[] => x.arraySync() as number[];
export const dot = (a: number[], b: number[]): number => a.reduce((total, value, i) => total + value * b[i]!, 0);

export function affine(x: number[], kernel: Matrix, bias: number[]): number[] {
  return bias.map((offset, j) => offset + x.reduce((total, value, i) => total + value * kernel[i]![j]!, 0));
}

export function normalized(x: number[], scale: number[], offset: number[], epsilon: number): number[] {
  const mean = x.reduce((a, b) => a + b) / x.length;
  const variance = x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length;
  return x.map((value, i) => ((value - mean) / Math.sqrt(variance + epsilon)) * scale[i]! + offset[i]!);
}

export interface Attention {
  readonly query: [Matrix, number[]];
  readonly key: [Matrix, number[]];
  readonly value: [Matrix, number[]];
  readonly output: [Matrix, number[]];
}

/** One text: `tokens` [T][width], `mask` [T]. */
export function attention(tokens: Matrix, mask: number[], heads: number, causal: boolean, weights: Attention): Matrix {
  const [q, k, v] = [weights.query, weights.key, weights.value].map(([kernel, bias]) => tokens.map((x) => affine(x, kernel, bias))) as [
    Matrix,
    Matrix,
    Matrix,
  ];
  const size = tokens[0]!.length / heads;
  return tokens.map((_, t) => {
    const mixed = Array.from({ length: heads }, (_, head) => {
      const part = (x: number[]) => x.slice(head * size, (head + 1) * size);
      const seen = tokens.map((_, s) => s).filter((s) => mask[s] === 1 && (!causal || s <= t));
      const scores = seen.map((s) => Math.exp(dot(part(q[t]!), part(k[s]!)) / Math.sqrt(size)));
      const total = scores.reduce((a, b) => a + b, 0);
      return Array.from({ length: size }, (_, i) => seen.reduce((sum, s, n) => sum + (scores[n]! / total) * part(v[s]!)[i]!, 0));
    }).flat();
    return affine(mixed, ...weights.output);
  });
}

/** x·Φ(x) with Φ by numerical integration of the density (Simpson). */
export function gelu(x: number): number {
  const steps = 400;
  const h = x / steps;
  let total = 0;
  for (let i = 0; i <= steps; i++) total += (i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2) * Math.exp(-((i * h) ** 2) / 2);
  return x * (0.5 + (total * h) / 3 / Math.sqrt(2 * Math.PI));
}
