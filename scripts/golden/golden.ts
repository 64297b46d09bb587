/** Numbers of any nesting, as JSON holds them. */
export type Numbers = number | boolean | readonly Numbers[] | { readonly length: number; readonly [index: number]: number };

/** One line of a golden file. What else it holds depends on the file; see the README beside the files. */
export interface GoldenCase {
  readonly id: string;
  readonly method: string;
  readonly variant: string;
  readonly options: { readonly [name: string]: unknown };
  readonly tolerance: number;
  /** The reference has no sane value here. */
  readonly undefined?: boolean;
  /** The numbers hang on a tie or a rank decision: check properties. */
  readonly fragile?: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: a record of JSON whose shape depends on the method.
  readonly [field: string]: any;
}

/** A comparison of numbers, passed if max|got − expected| ≤ tolerance × max(1, max|expected|, scale), or a property that holds or not. */
export type Check =
  | { readonly name: string; readonly got: Numbers; readonly expected: Numbers; readonly scale?: number }
  | { readonly name: string; readonly holds: boolean };

/**
 * Runs one case through our public API. An empty array is a failure; `{ skip }` leaves a case out, which is listed with its reason;
 * `undefined` says that this variant or these options have no counterpart of ours: unmapped, and listed.
 */
export type Handler = (given: GoldenCase) => Outcome | Promise<Outcome>;
export type Outcome = readonly Check[] | { readonly skip: string } | undefined;

/** What each file of this folder exports as `cases`: handlers by `method/variant` or by `method`; the longer key wins. */
export type Cases = { readonly [methodOrVariant: string]: Handler };

/** `float32`: the tolerance of a case is raised to 1e-4. `float64`: it is used as it stands. Exported as `precision`. */
export type Precision = 'float32' | 'float64';

/** The greatest deviation relative to what is allowed: ≤ 1 passes. Different shapes, NaN and missing numbers never pass. */
export function deviation(got: Numbers, expected: Numbers, tolerance: number, scale = 0): number {
  const x = flat(got);
  const y = flat(expected);
  if (x.length !== y.length) return Number.POSITIVE_INFINITY;
  const size = Math.max(1, scale, ...y.map(Math.abs));
  let worst = 0;
  for (let i = 0; i < x.length; i++) {
    const distance = Math.abs(x[i]! - y[i]!);
    if (Number.isNaN(distance)) return Number.POSITIVE_INFINITY;
    worst = Math.max(worst, distance / (tolerance * size));
  }
  return worst;
}

function flat(numbers: Numbers): number[] {
  if (typeof numbers === 'number' || typeof numbers === 'boolean') return [Number(numbers)];
  return Array.from(numbers as ArrayLike<Numbers>).flatMap(flat);
}
