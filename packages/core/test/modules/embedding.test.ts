import { expectAllClose, onBackends } from '@taskloom/testing';
import { type Scalar, sum, tensor } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { valueAndGradients } from '../../src/gradients';
import { run } from '../../src/module';
import { bagOfEmbeddings, embedding } from '../../src/modules';
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

  it.each(['sum', 'mean', 'max'] as const)('bags: the %s of all features of a row', (combiner) => {
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
    const expected = rows.flatMap((vectors) =>
      [0, 1, 2].map((i) => {
        const column = vectors.map((v) => v[i]!);
        if (column.length === 0) return 0;
        return combiner === 'max' ? Math.max(...column) : column.reduce((a, b) => a + b, 0) / (combiner === 'mean' ? column.length : 1);
      }),
    );
    expectAllClose(run(module, params, inputs).output, expected);
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

it('names the bag that is missing, and the size', () => {
  const module = bagOfEmbeddings({ size: 5, width: 3, bags: ['words'] });
  expect(() => run(module, module.init(random(1)), {})).toThrowError(expect.objectContaining({ code: 'input_missing' }));
  expect(() => bagOfEmbeddings({ size: { words: 3 }, width: 3, bags: ['others'] })).toThrowError(
    expect.objectContaining({ code: 'bad_option' }),
  );
});
