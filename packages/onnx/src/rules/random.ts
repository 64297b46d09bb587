import { type DrawAttributes, randomKernel } from '@taskloom/core';
import { bernoulliGrid, hashString, normalTables } from '@taskloom/core/host';
import type { Graph } from '../graph/graph';
import { sizeOf, type Value } from '../graph/value';
import type { KernelRules } from './rule';

/*
 * The generator of core's `Random` in uint32 operators: the same bits as on the host. A key is an int32 tensor [2]; its words and all that follows
 * are taken as unsigned, which for multiplication, exclusive or and sums is the same.
 */

const word = (graph: Graph, value: number) => graph.splat(value >>> 0, [], 'uint32');

/** x >>> bits */
function shifted(graph: Graph, x: Value, bits: number): Value {
  return graph.op('BitShift', [x, word(graph, bits)], x, { direction: 'RIGHT' });
}

function xor(graph: Graph, a: Value, b: Value): Value {
  return graph.op('BitwiseXor', [a, b], a.shape.length >= b.shape.length ? a : b);
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

/** The two words of a key. */
function wordsOf(graph: Graph, key: Value): [Value, Value] {
  const unsigned = graph.cast(key, 'uint32');
  const at = (i: number) => graph.reshape(graph.slice(unsigned, [i], [i + 1]), []);
  return [at(0), at(1)];
}

/** i · 0x9e3779b1 for i = 0 … count − 1, which the engine computes once, when it loads the model. */
function scrambledIndices(graph: Graph, count: number): Value {
  const scalar = (value: number) => graph.splat(value, [], 'int64');
  const range = graph.op('Range', [scalar(0), scalar(count), scalar(1)], { shape: [count], dtype: 'int64' });
  return graph.binary('Mul', graph.cast(range, 'uint32'), word(graph, 0x9e3779b1));
}

/** Core's `bernoulliDraws`: each word serves two draws, and the inner round is a constant. */
function bernoulli(graph: Graph, [first, second]: readonly [Value, Value], count: number, probability: number): Value {
  const half = Math.ceil(count / 2);
  const words = mix(graph, xor(graph, graph.binary('Add', mix(graph, scrambledIndices(graph, half)), first), second));
  const threshold = graph.splat(Math.round(probability * bernoulliGrid), [], 'int32');
  const below = (part: Value) => graph.binary('Less', graph.cast(part, 'int32'), threshold, 'bool');
  const lower = below(graph.op('BitwiseAnd', [words, word(graph, 0xffff)], words));
  const both = graph.concat([lower, below(shifted(graph, words, 16))], 0);
  return graph.cast(graph.slice(both, [0], [count]), 'float32');
}

function fold(graph: Graph, key: Value, id: number | string): Value {
  const sub = typeof id === 'string' ? hashString(id) : id | 0;
  const [first, second] = wordsOf(graph, key);
  const scrambled = (index: number) => word(graph, Math.imul(index, 0x9e3779b1));
  const words = [bits(graph, second, first, scrambled(sub ^ 0x5bd1e995)), bits(graph, first, second, scrambled(~sub))];
  return graph.cast(
    graph.concat(
      words.map((value) => graph.reshape(value, [1])),
      0,
    ),
    'int32',
  );
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

export const randomRules: KernelRules = {
  [randomKernel]: (graph, { key }, attributes) => {
    const given = attributes as unknown as DrawAttributes;
    if (given.draw === 'fold') return fold(graph, key!, given.id);
    const [first, second] = wordsOf(graph, key!);
    const count = sizeOf(given.shape);
    if (given.draw === 'bernoulli') return graph.reshape(bernoulli(graph, [first, second], count, given.probability), given.shape);
    const drawn = bits(graph, first, second, scrambledIndices(graph, count));
    return graph.reshape(given.draw === 'uniform' ? uniform(graph, drawn) : normal(graph, drawn), given.shape);
  },
};
