import { TaskloomError } from '@taskloom/core/host';

/**
 * Sizes at which a function is traced to learn how its graph depends on them. The first is the base; then each axis alone is longer, then each two of
 * them, then all: that fixes a polynomial in which no axis occurs twice, and leaves one point to prove it.
 */
export interface Points {
  readonly symbols: readonly string[];
  /** One size a symbol, for each trace. */
  readonly sizes: readonly (readonly number[])[];
  /** The maxima, where there are any; the base's sizes of the other symbols. */
  readonly largest?: readonly number[];
  /** Which symbols have a maximum. */
  readonly bounded: readonly boolean[];
}

/** Axes beyond this many would need too many traces. */
const mostSymbols = 6;

/** Primes that a model's own sizes are unlikely to be. */
const primes = [
  101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193, 197, 199, 211, 223, 227, 229, 233, 239,
  241, 251, 257, 263, 269, 271, 277, 281, 283, 293, 307, 311, 313, 317, 331, 337, 347, 349, 353, 359, 367, 373, 379, 383, 389, 397,
];

/** Points to trace at; another `attempt` has other sizes. */
export function tracePoints(symbols: readonly string[], maxima: { readonly [symbol: string]: number }, attempt = 0): Points {
  if (symbols.length > mostSymbols)
    throw new TaskloomError('bad_option', 'There are too many dynamic axes.', {
      name: 'dynamicAxes',
      expected: `at most ${mostSymbols}`,
      got: symbols,
    });
  const taken = new Set<number>();
  // The narrowest choose first.
  const order = [...symbols].sort((a, b) => (maxima[a] ?? Infinity) - (maxima[b] ?? Infinity));
  const chosen = new Map(order.map((symbol) => [symbol, threeSizes(symbol, maxima[symbol], taken, attempt)]));
  const [base, longer, other] = [0, 1, 2].map((i) => symbols.map((symbol) => chosen.get(symbol)![i]!)) as [number[], number[], number[]];
  const lengthened = (...axes: number[]) => base.map((size, axis) => (axes.includes(axis) ? longer[axis]! : size));
  const axes = symbols.map((_, axis) => axis);
  const sizes = [
    base,
    ...axes.map((a) => lengthened(a)),
    ...pairs(axes.length).map(([a, b]) => lengthened(a, b)),
    ...(axes.length > 0 ? [other] : []),
  ];
  const bounded = symbols.map((symbol) => maxima[symbol] !== undefined);
  if (!bounded.includes(true)) return { symbols, sizes, bounded };
  return { symbols, sizes, largest: symbols.map((symbol, i) => maxima[symbol] ?? base[i]!), bounded };
}

/** All i < j < count, in the order in which the points have them. */
export function pairs(count: number): [number, number][] {
  return Array.from({ length: count }, (_, i) => i).flatMap((i) =>
    Array.from({ length: count - i - 1 }, (_, j): [number, number] => [i, i + j + 1]),
  );
}

function threeSizes(symbol: string, maximum: number | undefined, taken: Set<number>, attempt: number): number[] {
  // At its maximum an axis may be special: what is cut elsewhere is whole.
  const fitting = primes.filter((size) => maximum === undefined || size < maximum);
  const most = Math.min((maximum ?? 0) - 1, 100);
  const small = Array.from({ length: Math.max(0, most - 1) }, (_, i) => most - i);
  const candidates = [...fitting, ...small.filter(isPrime), ...small.filter((size) => !isPrime(size))].filter((size) => !taken.has(size));
  // Far apart, so that what depends on a size is seen to.
  const near = maximum === undefined ? candidates : candidates.slice(0, 12);
  const third = Math.floor(near.length / 3);
  const found = third === 0 ? [] : [0, 1, 2].map((i) => near[(attempt % third) + i * third]!).sort((a, b) => a - b);
  if (found.length < 3)
    throw new TaskloomError('bad_option', `The axis '${symbol}' has too few sizes to learn from.`, {
      name: `maxSizes.${symbol}`,
      got: maximum,
      remedy: 'Raise its maximum, or give the axis a fixed size.',
    });
  for (const size of found) taken.add(size);
  return found;
}

function isPrime(n: number): boolean {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return n > 1;
}
