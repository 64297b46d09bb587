import { expectAllClose, onBackends } from '@taskloom/testing';
import { ones, type Scalar, square, sum, tensor } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { valueAndGradients } from '../../src/gradients';
import { run } from '../../src/module';
import { type BagOfEmbeddingsParams, bagOfEmbeddings, embedding } from '../../src/modules';
import { random } from '../../src/random';
import { matrix } from './reference';

onBackends(['cpu', 'wasm'], () => {
  it('gives rows, their negatives, and zero for padding', () => {
    const module = embedding({ size: 4, width: 2 });
    const params = module.init(random(1));
    const table = matrix(params.table);
    const y = run(module, params, tensor([[1, -3, 0]], [1, 3], 'int32')).output;
    expectAllClose(y, [...table[1]!, -table[3]![0]!, -table[3]![1]!, 0, 0]);
  });

  it('gives gradients to the rows that were read, and none to padding', () => {
    const module = embedding({ size: 4, width: 2 });
    const { gradients } = valueAndGradients(
      (p) => sum(run(module, p, tensor([1, 1, -2, 0], [4], 'int32')).output) as Scalar,
      module.init(random(1)),
    );
    expectAllClose(gradients.table, [0, 0, 2, 2, -1, -1, 0, 0]);
  });

  it.each(['sum', 'mean', 'unit', 'max'] as const)('bags: the %s of all features of a row', (combiner) => {
    const module = bagOfEmbeddings({ size: { words: 5, characters: 9 }, width: 3, combiner, bags: ['words', 'characters'] });
    const params = module.init(random(2));
    const inputs = {
      words: tensor(
        [
          [1, 0],
          [0, 0],
          [4, -4],
        ],
        [3, 2],
        'int32',
      ),
      characters: tensor(
        [
          [8, -2, 0],
          [0, 0, 0],
          [1, 0, 0],
        ],
        [3, 3],
        'int32',
      ),
    };
    const [words, characters] = [matrix(params.words!.table), matrix(params.characters!.table)];
    const rows = [[words[1]!, characters[8]!, characters[2]!.map((v) => -v)], [], [words[4]!, words[4]!.map((v) => -v), characters[1]!]];
    const expected = rows.flatMap((vectors, row) =>
      [0, 1, 2].map((i) => {
        const column = vectors.map((v) => v[i]!);
        if (column.length === 0) return 0;
        if (combiner === 'unit')
          // The first of each row is its word's, and the rest are its characters', but for the last row, which has two words.
          return row === 2 ? (column[0]! + column[1]!) / Math.SQRT2 + column[2]! : column[0]! + (column[1]! + column[2]!) / Math.SQRT2;
        return combiner === 'max' ? Math.max(...column) : column.reduce((a, b) => a + b, 0) / (combiner === 'mean' ? column.length : 1);
      }),
    );
    expectAllClose(run(module, params, inputs).output, expected);
  });

  it.each(['sum', 'mean', 'unit'] as const)('by matrix: the %s and its gradient are those by rows', (combiner) => {
    const options = { size: { words: 7, characters: 5 }, width: 3, combiner, bags: ['words', 'characters'], featureDropout: 0.3 };
    const [byRows, byMatrix] = [bagOfEmbeddings(options), bagOfEmbeddings({ ...options, trainBy: 'matrix' })];
    const inputs = {
      words: tensor([1, 6, 6, 0, 0, 0, -2, 3, 0], [3, 3], 'int32'),
      characters: tensor([4, -4, 1, 1, 2, 0], [3, 2], 'int32'),
    };
    const loss = (module: typeof byRows) => (params: BagOfEmbeddingsParams) =>
      sum(square(run(module, params, inputs, { training: true, random: random(5) }).output)) as Scalar;
    const params = byRows.init(random(4));
    const [a, b] = [valueAndGradients(loss(byRows), params), valueAndGradients(loss(byMatrix), params)];
    expect(a.value.dataSync()[0]).toBeGreaterThan(0);
    expectAllClose(b.value, a.value);
    for (const bag of ['words', 'characters']) expectAllClose(b.gradients[bag]!.table, a.gradients[bag]!.table);
  });

  it('leaves features out in training only, with their mean kept', () => {
    const module = bagOfEmbeddings({ size: 2, width: 1, combiner: 'sum', featureDropout: 0.25 });
    const params = { ids: { table: tensor([[0], [1]]) } };
    const inputs = { ids: ones([400, 10], 'int32') };
    const seen = [...run(module, params, inputs, { training: true, random: random(1) }).output.dataSync()];
    expect(new Set(seen.map((x) => Math.round(x * 0.75))).size).toBeGreaterThan(4);
    expect(seen.every((x) => Math.abs(x * 0.75 - Math.round(x * 0.75)) < 1e-5)).toBe(true);
    expect(Math.abs(seen.reduce((a, b) => a + b, 0) / 400 - 10)).toBeLessThan(0.4);
    expect([...run(module, params, inputs).output.dataSync()]).toEqual(Array(400).fill(10));
  });

  it('shares one table between bags where asked', () => {
    const module = bagOfEmbeddings({ size: 5, width: 3, bags: ['a', 'b'], shared: true, combiner: 'sum' });
    const params = module.init(random(3));
    expect(Object.keys(params)).toEqual(['shared']);
    const table = matrix(params.shared!.table);
    const y = run(module, params, { a: tensor([[2]], [1, 1], 'int32'), b: tensor([[3]], [1, 1], 'int32') }).output;
    expectAllClose(
      y,
      table[2]!.map((v, i) => v + table[3]![i]!),
    );
  });
});

it('refuses feature dropout under a maximum', () => {
  expect(() => bagOfEmbeddings({ size: 3, width: 2, combiner: 'max', featureDropout: 0.1 })).toThrowError(
    expect.objectContaining({ code: 'bad_option' }),
  );
});

it('names the bag that is missing, and the size', () => {
  const module = bagOfEmbeddings({ size: 5, width: 3, bags: ['words'] });
  expect(() => run(module, module.init(random(1)), {})).toThrowError(expect.objectContaining({ code: 'input_missing' }));
  expect(() => bagOfEmbeddings({ size: { words: 3 }, width: 3, bags: ['others'] })).toThrowError(
    expect.objectContaining({ code: 'bad_option' }),
  );
});
