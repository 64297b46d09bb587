import { TaskloomError } from '@taskloom/core/host';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { fit, type Polynomial } from './polynomial';
import type { Points } from './sizes';

/** One number a trace. */
export type Numbers = readonly number[];

export const isFixed = (numbers: Numbers): boolean => numbers.every((n) => n === numbers[0]);

/** Sizes that are known when the model runs, as int64 vectors of the exported graph. */
export interface RuntimeSizes {
  readonly points: Points;
  /** The number as a vector of one element; undefined where the traces do not tell how it comes about. */
  size(numbers: Numbers): Value | undefined;
  /** One axis of a value, as a vector of one element. */
  of(value: Value, axis: number): Value;
  /** Numbers side by side. `otherwise` may know one that the traces do not tell; throws `not_exportable` if it does not. */
  vector(list: readonly Numbers[], place: string, otherwise?: (at: number) => Value | undefined): Value;
}

/** `source` says where each symbol can be read: an input and its axis. */
export function runtimeSizes(
  graph: Graph,
  points: Points,
  source: (symbol: number) => { readonly input: Value; readonly axis: number },
): RuntimeSizes {
  const of = (value: Value, axis: number) => graph.op('Shape', [value], { shape: [1], dtype: 'int64' }, { start: axis, end: axis + 1 });
  const dimension = (symbol: number) => {
    const { input, axis } = source(symbol);
    return of(input, axis);
  };
  const computed = (polynomial: Polynomial): Value => {
    const terms = polynomial.map(({ coefficient, powers }) =>
      powers
        .flatMap((power, symbol) => Array<number>(power).fill(symbol))
        .reduce((product: Value, symbol) => graph.binary('Mul', product, dimension(symbol)), graph.ints([coefficient])),
    );
    return terms.reduce((a, b) => graph.binary('Add', a, b), graph.ints([0]));
  };
  const size = (numbers: Numbers) => {
    const polynomial = fit(numbers, points);
    return polynomial && computed(polynomial);
  };
  return {
    points,
    size,
    of,
    vector(list, place, otherwise = () => undefined) {
      if (list.every(isFixed)) return graph.ints(list.map((numbers) => numbers[0]!));
      const parts: (Value | number[])[] = [];
      for (const [at, numbers] of list.entries()) {
        const last = parts.at(-1);
        if (!isFixed(numbers)) parts.push(size(numbers) ?? otherwise(at) ?? unknown(numbers, points, place));
        else if (Array.isArray(last)) last.push(numbers[0]!);
        else parts.push([numbers[0]!]);
      }
      return graph.concat(
        parts.map((part) => (Array.isArray(part) ? graph.ints(part) : part)),
        0,
      );
    },
  };
}

/** Names of the axes that numbers change with. */
export function axesBehind(numbers: Numbers, { symbols }: Points): string[] {
  return symbols.filter((_, i) => numbers[1 + i] !== numbers[0]);
}

function unknown(numbers: Numbers, points: Points, place: string): never {
  const axes = axesBehind(numbers, points);
  throw new TaskloomError(
    'not_exportable',
    `${place} has a size that depends on ${namesOf(axes)} in a way that cannot be told from traces.`,
    {
      name: axes.join(', '),
      got: numbers.map((n, k) => `${n} for ${points.sizes[k]!.join(' × ')}`).slice(0, 3),
      expected: 'a sum of products of the sizes of dynamic axes',
      remedy: 'Give the axis a fixed size.',
    },
  );
}

export function namesOf(axes: readonly string[]): string {
  return axes.map((axis) => `'${axis}'`).join(' and ') || 'the dynamic axes';
}
