import { bernoulliGrid, normalTables } from '@taskloom/core/host';
import type { Graph } from '../graph/graph';
import { type Node, nodesOf, sizeOf, type Value } from '../graph/value';
import type { Pass } from './rewrite';

/*
 * The generator of core's `Random` in uint32 operators: the same bits as on the host. A key is an int32 tensor [2]; its words and all that follows
 * are taken as unsigned, which for multiplication, exclusive or and sums is the same.
 */

/** The operator that a trace has for a draw, or for the folding of a key: `draw`, and `id` or `probability`. */
export const drawOperator = { op: 'Random', domain: 'taskloom' } as const;

/** Keys that come from one key by the same number of folds, which are computed together: row i is that of parent `parents[i]` folded by `ids[i]`. */
interface Generation {
  readonly parents: number[];
  readonly ids: number[];
  /** Both words of each, uint32 [2 · keys]. */
  words?: Value;
}

interface Place {
  readonly root: Value;
  readonly generation: number;
  readonly row: number;
}

/**
 * Draws as the operators that make their bits. Keys are folded a generation at a time, whatever their number: in a transformer with dropout it was done
 * key by key and took four operators in ten.
 */
export const draws: Pass = (graph, outputs) => {
  const places = new Map<Value, Place>();
  const generations = new Map<Value, Generation[]>();
  for (const node of nodesOf(outputs)) {
    if (!isDraw(node) || node.attributes.draw !== 'fold') continue;
    const key = node.inputs[0]!;
    const parent = places.get(key);
    const root = parent?.root ?? key;
    const own = generations.get(root) ?? [];
    generations.set(root, own);
    const level = parent ? parent.generation + 1 : 0;
    own[level] ??= { parents: [], ids: [] };
    places.set(node.outputs[0]!, { root, generation: level, row: own[level].ids.length });
    own[level].parents.push(parent?.row ?? 0);
    own[level].ids.push(node.attributes.id as number);
  }
  const wordsAt = (root: Value, level: number, now: (value: Value) => Value): Value => {
    if (level < 0) return graph.cast(now(root), 'uint32');
    const generation = generations.get(root)![level]!;
    generation.words ??= folded(graph, wordsAt(root, level - 1, now), generation);
    return generation.words;
  };
  return (node, _, now) => {
    if (!isDraw(node)) return undefined;
    const key = node.inputs[0]!;
    const [output] = node.outputs as [Value];
    const own = places.get(output);
    if (own) {
      const words = wordsAt(own.root, own.generation, now);
      return [graph.cast(graph.slice(words, [2 * own.row], [2 * own.row + 2], [0]), 'int32')];
    }
    const { root, generation, row } = places.get(key) ?? { root: key, generation: -1, row: 0 };
    const words = wordsAt(root, generation, now);
    const word = (i: number) => graph.slice(words, [2 * row + i], [2 * row + i + 1], [0]);
    return [graph.reshape(drawn(graph, node, [word(0), word(1)]), output.shape)];
  };
};

function isDraw({ op, domain }: Node): boolean {
  return op === drawOperator.op && domain === drawOperator.domain;
}

/** Words of all keys of a generation, out of those of the one before. */
function folded(graph: Graph, before: Value, { parents, ids }: Generation): Value {
  const index = (of: readonly number[]) => graph.ints(of);
  const own = graph.gather(before, index(parents.flatMap((row) => [2 * row, 2 * row + 1])), 0);
  const other = graph.gather(before, index(parents.flatMap((row) => [2 * row + 1, 2 * row])), 0);
  const counters = Uint32Array.from(
    ids.flatMap((id) => [id ^ 0x5bd1e995, ~id]),
    (counter) => Math.imul(counter, 0x9e3779b1),
  );
  return bits(graph, other, own, graph.constant(counters, [counters.length], 'uint32'));
}

function drawn(graph: Graph, { attributes, outputs }: Node, [first, second]: readonly [Value, Value]): Value {
  const count = sizeOf(outputs[0]!.shape);
  if (attributes.draw === 'bernoulli') return bernoulli(graph, first, second, count, (attributes.probability as { float: number }).float);
  const words = bits(graph, first, second, scrambledIndices(graph, count));
  return attributes.draw === 'uniform' ? uniform(graph, words) : normal(graph, words);
}

const word = (graph: Graph, value: number) => graph.splat(value >>> 0, [], 'uint32');

/** x >>> bits */
function shifted(graph: Graph, x: Value, bits: number): Value {
  return graph.op('BitShift', [x, word(graph, bits)], x, { direction: 'RIGHT' });
}

function xor(graph: Graph, a: Value, b: Value): Value {
  return graph.op('BitwiseXor', [a, b], sizeOf(a.shape) >= sizeOf(b.shape) ? a : b);
}

/** Murmur3's finaliser. */
function mix(graph: Graph, x: Value): Value {
  let h = x;
  h = graph.binary('Mul', xor(graph, h, shifted(graph, h, 16)), word(graph, 0x85ebca6b));
  h = graph.binary('Mul', xor(graph, h, shifted(graph, h, 13)), word(graph, 0xc2b2ae35));
  return xor(graph, h, shifted(graph, h, 16));
}

/** Draws number `index` of the stream with these words; `scrambled` is index · 0x9e3779b1. */
function bits(graph: Graph, first: Value, second: Value, scrambled: Value): Value {
  return mix(graph, xor(graph, mix(graph, graph.binary('Add', scrambled, first)), second));
}

/** i · 0x9e3779b1 for i = 0 … count − 1, which the engine computes once, when it loads the model. */
function scrambledIndices(graph: Graph, count: number): Value {
  const scalar = (value: number) => graph.splat(value, [], 'int64');
  const range = graph.op('Range', [scalar(0), scalar(count), scalar(1)], { shape: [count], dtype: 'int64' });
  return graph.binary('Mul', graph.cast(range, 'uint32'), word(graph, 0x9e3779b1));
}

/** Core's `bernoulliDraws`: each word serves two draws, and the inner round is a constant. */
function bernoulli(graph: Graph, first: Value, second: Value, count: number, probability: number): Value {
  const half = Math.ceil(count / 2);
  const words = mix(graph, xor(graph, graph.binary('Add', mix(graph, scrambledIndices(graph, half)), first), second));
  const threshold = graph.splat(Math.round(probability * bernoulliGrid), [], 'int32');
  const below = (part: Value) => graph.binary('Less', graph.cast(part, 'int32'), threshold, 'bool');
  const lower = below(graph.op('BitwiseAnd', [words, word(graph, 0xffff)], words));
  const both = graph.concat([lower, below(shifted(graph, words, 16))], 0);
  return graph.cast(graph.slice(both, [0], [count]), 'float32');
}

function uniform(graph: Graph, drawn: Value): Value {
  return graph.binary('Mul', graph.cast(shifted(graph, drawn, 8), 'float32'), graph.splat(1 / 16777216));
}

/** The table look-up of core's `normalDraws`: the inner cells interpolate, the two outer ones have tables of their own. */
function normal(graph: Graph, drawn: Value): Value {
  const { cells, tail } = normalTables();
  const cell = graph.cast(shifted(graph, drawn, 20), 'int32');
  const low = graph.cast(graph.op('BitwiseAnd', [shifted(graph, drawn, 8), word(graph, 4095)], drawn), 'int32');
  const table = graph.constant(cells, [cells.length], 'float32');
  const tails = graph.constant(tail, [tail.length], 'float32');
  const integer = (value: number) => graph.splat(value, [], 'int32');
  const left = graph.gather(table, cell, 0);
  const right = graph.gather(table, graph.binary('Add', cell, integer(1)), 0);
  const fraction = graph.binary('Mul', graph.binary('Add', graph.cast(low, 'float32'), graph.splat(0.5)), graph.splat(1 / 4096));
  const inner = graph.binary('Add', left, graph.binary('Mul', graph.binary('Sub', right, left), fraction));
  const lowest = graph.gather(tails, low, 0);
  const highest = graph.unary('Neg', graph.gather(tails, graph.binary('Sub', integer(4095), low), 0));
  const inFirst = graph.binary('Equal', cell, integer(0), 'bool');
  const inLast = graph.binary('Equal', cell, integer(4095), 'bool');
  return graph.where(inFirst, lowest, graph.where(inLast, highest, inner));
}
