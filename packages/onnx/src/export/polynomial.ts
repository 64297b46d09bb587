import { type Points, pairs } from './sizes';

/** One summand: coefficient · Π size^power. */
export interface Term {
  readonly coefficient: number;
  /** One for each symbol. */
  readonly powers: readonly number[];
}

/** A size that is a sum of products of the sizes of dynamic axes. */
export type Polynomial = readonly Term[];

/** The polynomial with whole coefficients that has these values at all the points; undefined where there is none of the forms known. */
export function fit(values: readonly number[], points: Points): Polynomial | undefined {
  if (!values.every(Number.isInteger)) return undefined;
  for (const found of [multilinear(values, points), monomial(values, points)])
    if (
      found?.every(({ coefficient }) => Number.isInteger(coefficient)) &&
      points.sizes.every((sizes, k) => evaluate(found, sizes) === values[k])
    )
      return found;
  return undefined;
}

export function evaluate(polynomial: Polynomial, sizes: readonly number[]): number {
  return polynomial.reduce((sum, term) => sum + valueAt(term, sizes), 0);
}

/** `2*batch*time + 1` */
export function textOf(polynomial: Polynomial, symbols: readonly string[]): string {
  const terms = polynomial.map(({ coefficient, powers }) => {
    const factors = powers.flatMap((power, i) => Array<string>(power).fill(symbols[i]!));
    return coefficient === 1 && factors.length > 0 ? factors.join('*') : [coefficient, ...factors].join('*');
  });
  return terms.join(' + ') || '0';
}

function valueAt({ coefficient, powers }: Term, sizes: readonly number[]): number {
  return powers.reduce((product, power, i) => product * sizes[i]! ** power, coefficient);
}

/** c₀ + Σ cᵢxᵢ + Σ cᵢⱼxᵢxⱼ: the terms from the highest down, each from a divided difference of what those above have left. */
function multilinear(values: readonly number[], { symbols, sizes }: Points): Polynomial {
  const [base] = sizes as [readonly number[]];
  const step = (i: number) => sizes[1 + i]![i]! - base[i]!;
  const powers = (...axes: number[]) => base.map((_, i) => (axes.includes(i) ? 1 : 0));
  const products = pairs(symbols.length).map(([i, j], n): Term => {
    const bend = values[1 + symbols.length + n]! - values[1 + i]! - values[1 + j]! + values[0]!;
    return { coefficient: bend / (step(i) * step(j)), powers: powers(i, j) };
  });
  const afterProducts = values.map((value, k) => value - evaluate(products, sizes[k]!));
  const lines = base.map((_, i): Term => ({ coefficient: (afterProducts[1 + i]! - afterProducts[0]!) / step(i), powers: powers(i) }));
  const constant: Term = { coefficient: afterProducts[0]! - evaluate(lines, base), powers: powers() };
  return [...products, ...lines, constant].filter(({ coefficient }) => coefficient !== 0);
}

/** c·Πxᵢ^eᵢ, powers up to 3. */
function monomial(values: readonly number[], { sizes }: Points): Polynomial | undefined {
  const [base] = sizes as [readonly number[]];
  if (!(values[0]! > 0)) return undefined;
  const powers = base.map((size, i) => Math.round(Math.log(values[1 + i]! / values[0]!) / Math.log(sizes[1 + i]![i]! / size)));
  if (!powers.every((power) => power >= 0 && power <= 3)) return undefined;
  return [{ coefficient: values[0]! / valueAt({ coefficient: 1, powers }, base), powers }];
}
