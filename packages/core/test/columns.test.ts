import { onBackends } from '@taskloom/testing';
import { tensor2d, tidy } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { type Columns, type HostRows, hostRandom, random } from '../src';
import { hostColumns } from '../src/host-columns';
import { tensorColumns } from '../src/tensor-columns';

const draw = (name: string, rows: number, columns: number) => {
  const values = hostRandom(name).normal(rows * columns);
  return Array.from({ length: rows }, (_, i) => Array.from(values.subarray(i * columns, (i + 1) * columns)));
};
const representation = draw('representation', 3, 2);
const stream = random('columns');

/** Each operation on a [4, 6], b [4, 6] and a column [4, 1], by its name. */
const operations: { readonly [name: string]: <M>(a: M, b: M, column: M, on: Columns<M>) => M } = {
  add: (a, b, _, on) => on.add(a, b),
  'sub, a column stretched': (a, _, column, on) => on.sub(a, column),
  'mul, a number first': (a, _, __, on) => on.mul(2, a),
  'div, a row stretched': (a, b, _, on) => on.div(a, on.split(b, 4)[1]!),
  minimum: (a, b, _, on) => on.minimum(a, b),
  'maximum with a number': (a, _, __, on) => on.maximum(a, 0),
  'greater, where': (a, b, column, on) => on.where(on.greater(a, column), b, 3),
  'sqrt, abs': (a, _, __, on) => on.sqrt(on.abs(a)),
  sign: (a, _, __, on) => on.sign(a),
  'split into sizes, concat': (a, b, _, on) => on.concat([...on.split(a, [1, 3]).slice(1), b]),
  weighted: (a, _, column, on) => on.weighted(column, a),
  count: (a, _, __, on) => on.mul(a, on.count(a)),
  uniform: (a, _, __, on) => on.add(on.uniform(a), a),
  'values of the representation': (a, _, __, on) => on.mul(a, on.representation!.values),
  'fold, spread': (a, _, __, on) => on.representation!.spread(on.representation!.fold(a)),
};

onBackends(['cpu'], () => {
  it.each(Object.entries(operations))('%s: in tensors as on the host', (_, operation) =>
    tidy(() => {
      const [a, b, column] = [draw('a', 4, 6), draw('b', 4, 6), draw('column', 4, 1)];
      const uniform = (count: number) => Float64Array.from(stream.uniform([1, count]).dataSync());
      const host = operation<HostRows>(a, b, column, hostColumns(uniform, representation)).map((row) => Array.from(row));
      const made = operation(tensor2d(a), tensor2d(b), tensor2d(column), tensorColumns(stream, tensor2d(representation)));
      expect(made.shape).toEqual([host.length, host[0]!.length]);
      for (const [i, value] of [...made.dataSync()].entries()) expect(value).toBeCloseTo(host.flat()[i]!, 5);
    }),
  );
});
