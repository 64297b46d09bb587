import { Network } from './minimum-cut';
import { bytesOf, type Node, type Value } from './value';

/** Bytes from which on an array counts. */
const large = 1 << 16;

/** What a byte made once more costs by each operator, in bytes kept. Others are made once. */
export type Prices = ReadonlyMap<string, number>;

/** Operators that take one pass over memory and little more, and those that take none: their results lie where their inputs do. */
export const onePass: Prices = new Map([
  ...['Add', 'Cast', 'Div', 'Expand', 'Mul', 'Neg', 'Relu', 'Sub'].map((op) => [op, 1 / 4] as const),
  ...['Reshape', 'Squeeze', 'Unsqueeze'].map((op) => [op, 0] as const),
]);

/**
 * The results of the nodes `earlier` that are better made once more for `readers` than kept: what is kept is a minimum cut between arrays that cost too much to be made
 * twice and those that are read, by bytes kept and, at their price, bytes made again.
 */
export function madeAgain(earlier: ReadonlySet<Node>, readers: Iterable<Node>, prices: Prices): ReadonlySet<Value> {
  const network = new Network();
  const [source, sink] = [network.vertex(), network.vertex()];
  /** A value's two vertices: an array that flows in is computed, one that flows out is there to be read. */
  const vertices = new Map<Value, { readonly made: number; readonly there: number }>();
  const enter = (value: Value) => {
    const known = vertices.get(value);
    if (known) return known;
    const own = { made: network.vertex(), there: network.vertex() };
    vertices.set(value, own);
    network.edge(own.made, own.there, bytesOf(value));
    const { op, inputs } = value.producer!;
    const price = prices.get(op);
    network.edge(source, own.made, price === undefined ? Number.POSITIVE_INFINITY : price * bytesOf(value));
    if (price !== undefined)
      for (const input of inputs) if (counts(input)) network.edge(enter(input).there, own.made, Number.POSITIVE_INFINITY);
    return own;
  };
  /** What comes from outside is there anyway, and what is small is kept for nothing. */
  const counts = (value: Value | undefined): value is Value => !!value?.producer && earlier.has(value.producer) && bytesOf(value) >= large;
  for (const { inputs } of readers)
    for (const input of inputs) if (counts(input)) network.edge(enter(input).there, sink, Number.POSITIVE_INFINITY);
  const kept = network.sourceSide(source, sink);
  return new Set([...vertices].filter(([, { made }]) => !kept.has(made)).map(([value]) => value));
}
