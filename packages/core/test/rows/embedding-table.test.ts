import '@tensorflow/tfjs-backend-cpu';
import { mul, type Scalar, scalar, setBackend, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { toTensor } from '../../src/executor';
import { valueAndGradients } from '../../src/gradients';
import { type HostArray, hostArray } from '../../src/host-array';
import { hostRandom } from '../../src/host-random';
import { run } from '../../src/module';
import { bagOfEmbeddings, embedding } from '../../src/modules';
import { adagrad, adam, adamw, applyUpdates, type Optimizer, sgd } from '../../src/optimizers';
import { flatten, type Params } from '../../src/params';
import { embeddingTable, type TableState } from '../../src/rows/embedding-table';
import { type SparseOptimizer, sparseAdagrad, sparseAdam, sparseSgd } from '../../src/rows/sparse-optimizers';
import { bruteAdagrad, bruteAdam, bruteSgd, bruteTable } from './brute';

beforeAll(async () => void (await setBackend('cpu')));

const normal = (seed: string | number, shape: readonly number[]) => {
  const count = shape.reduce((a, b) => a * b, 1);
  return hostArray(hostRandom(seed).normal(count), shape);
};
const idsOf = (seed: string | number, shape: readonly number[], size: number) => {
  const count = shape.reduce((a, b) => a * b, 1);
  return hostArray(
    Int32Array.from(hostRandom(seed).uniform(count), (u) => Math.floor(u * (2 * size - 1)) - size + 1),
    shape,
  );
};
const numbers = ({ data }: HostArray) => [...data];
const flat = ({ values, state }: TableState) => [values, ...Object.values(state)].map(numbers);

function expectNear(a: readonly number[], b: readonly number[], tolerance = 1e-6): void {
  expect(a.length).toBe(b.length);
  for (const [i, value] of a.entries())
    expect(Math.abs(value - b[i]!), `${i}: ${value} and ${b[i]}`).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(b[i]!)));
}

const optimizers: [string, SparseOptimizer, Optimizer, (rate: number, t: number) => ReturnType<typeof bruteSgd>][] = [
  ['sgd', sparseSgd(), sgd(), bruteSgd],
  ['adagrad', sparseAdagrad({ initialAccumulator: 0.1 }), adagrad({ initialAccumulator: 0.1 }), bruteAdagrad],
  ['adam', sparseAdam(), adam(), bruteAdam],
];
const decaying: (typeof optimizers)[number] = ['adamw', sparseAdam({ weightDecay: 0.1 }), adamw({ weightDecay: 0.1 }), bruteAdam];

describe('embeddingTable', () => {
  it.each([...optimizers, decaying])('%s of a table whose rows all occur is the dense one', (_, sparse, dense) => {
    const [size, width] = [12, 6];
    const table = embeddingTable({ values: normal('values', [size, width]), optimizer: sparse });
    // Each row but that of padding, some of them twice.
    const ids = hostArray(Int32Array.of(...Array.from({ length: size - 1 }, (_, i) => i + 1), 3, 7, 7));
    const trunk = embedding({ size, width });
    let params: Params = { table: toTensor(normal('values', [size, width])) };
    let state = dense.init(params);
    for (let step = 0; step < 20; step++) {
      const weights = toTensor(normal(`weights ${step}`, [...ids.shape, width]));
      const result = tidy(() => {
        const { gradients } = valueAndGradients(
          (p: Params) => sum(mul(run(trunk, p as never, toTensor(ids)).output, weights)) as Scalar,
          params,
        );
        const next = dense.update(gradients, state, params, { step: scalar(step), learningRate: scalar(0.05) });
        return { params: applyUpdates(params, next.updates), state: next.state };
      });
      params = result.params;
      state = result.state;
      table.lookUp(ids).update(hostArray(weights.dataSync() as Float32Array, [...weights.shape]), { step, learningRate: 0.05 });
    }
    const { values, state: kept } = table.read();
    // Row 0 is padding, which nothing reads; there a dense decay goes on.
    expectNear(numbers(values).slice(width), [...(params.table as Tensor).dataSync()].slice(width));
    expect(
      Object.keys(kept)
        .map((field) => `${field}/table`)
        .sort(),
    ).toEqual([...flatten(state).keys()].sort());
    for (const [field, array] of Object.entries(kept))
      expectNear(numbers(array), [...((state[field] as Params).table as Tensor).dataSync()]);
  });

  it.each(['sum', 'mean', 'unit'] as const)('bags by %s and their gradients are those of bagOfEmbeddings', (combiner) => {
    const [size, width, rate] = [30, 5, 0.3];
    const table = embeddingTable({ values: normal('values', [size, width]), optimizer: sparseSgd() });
    const given = idsOf('ids', [7, 9], size);
    given.data.fill(0, 18, 27); // A row without features.
    given.data.fill(0, 30, 34);
    const trunk = bagOfEmbeddings({ size, width, combiner });
    const weights = normal('weights', [7, width]);
    const params = { ids: { table: toTensor(normal('values', [size, width])) } };
    const { value, gradients } = valueAndGradients(
      (p: typeof params) => sum(mul(run(trunk, p, { ids: toTensor(given) }).output, toTensor(weights))) as Scalar,
      params,
    );
    const bag = table.bag(given, { combiner });
    expectNear(numbers(bag.output), [...run(trunk, params, { ids: toTensor(given) }).output.dataSync()]);
    expectNear([numbers(bag.output).reduce((total, x, i) => total + x * weights.data[i]!, 0)], [value.dataSync()[0]!], 1e-5);
    bag.update(weights, { step: 0, learningRate: rate });
    const before = normal('values', [size, width]).data;
    const gradient = gradients.ids.table.dataSync();
    expectNear(
      numbers(table.read().values),
      [...before].map((x, i) => x - rate * gradient[i]!),
    );
  });

  it.each(optimizers)('%s moves the rows that occur as a lazy one in plain loops, to the bit, and no other', (_, sparse, __, brute) => {
    const sizes = fc.record({ size: fc.integer({ min: 2, max: 70 }), width: fc.constantFrom(1, 3, 4, 6, 8, 16, 20, 64) });
    const batch = fc.record({ count: fc.integer({ min: 0, max: 6 }), length: fc.integer({ min: 1, max: 40 }) });
    fc.assert(
      fc.property(
        sizes,
        fc.array(batch, { minLength: 1, maxLength: 4 }),
        fc.constantFrom('sum', 'mean', 'unit'),
        ({ size, width }, batches, combiner) => {
          const table = embeddingTable({ values: normal('values', [size, width]), optimizer: sparse });
          const plain = bruteTable(normal('values', [size, width]), sparse.fields);
          for (const [step, { count, length }] of batches.entries()) {
            const before = flat(table.read());
            const ids = idsOf(step, [count, length], size);
            const bag = table.bag(ids, { combiner });
            expect(numbers(bag.output)).toEqual([...plain.bag(ids, combiner)]);
            const gradient = normal(`gradient ${step}`, [count, width]);
            bag.update(gradient, { step, learningRate: 0.1 });
            plain.update(ids, combiner, gradient, brute(0.1, step + 1));
            const after = flat(table.read());
            expect(after).toEqual(plain.arrays.map((array) => [...array]));
            const named = new Set([...ids.data].map(Math.abs));
            for (let row = 0; row < size; row++)
              if (row === 0 || !named.has(row))
                for (const [i, array] of after.entries())
                  expect(array.slice(row * width, (row + 1) * width)).toEqual(before[i]!.slice(row * width, (row + 1) * width));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each(optimizers)('a view of it is trained by %s as the bags are', (_, optimizer) => {
    const [size, width] = [90, 6];
    const [viewed, pooled] = [0, 1].map(() => embeddingTable({ values: normal('values', [size, width]), optimizer }));
    for (let step = 0; step < 4; step++) {
      const given = [idsOf(`a ${step}`, [5, 7], size), idsOf(`b ${step}`, [3, 2, 2], size)];
      given[0]!.data.fill(0, 3, 9);
      const { output, ids, update } = viewed!.view(given);
      const distinct = new Set(given.flatMap(({ data }) => [...data].map(Math.abs)).filter((id) => id !== 0));
      expect(output.shape).toEqual([64, width]);
      expect(ids.map(({ shape }) => shape)).toEqual(given.map(({ shape }) => shape));
      const gradient = new Float32Array(64 * width);
      const { values } = viewed!.read();
      for (const [i, { data }] of given.entries())
        for (const [j, id] of data.entries()) {
          const local = ids[i]!.data[j]!;
          expect(Math.sign(local)).toBe(Math.sign(id));
          if (id === 0) continue;
          const [at, from] = [Math.abs(local) * width, Math.abs(id) * width];
          expect([...output.data.subarray(at, at + width)]).toEqual([...values.data.subarray(from, from + width)]);
          // As if the loss were the sum of what is looked up, by weights.
          for (let k = 0; k < width; k++) gradient[at + k]! += Math.sign(id) * (1 + j + k);
        }
      expect(new Set(ids.flatMap(({ data }) => [...data].map(Math.abs)).filter((id) => id !== 0)).size).toBe(distinct.size);
      expect([...output.data.subarray(0, width), ...output.data.subarray((1 + distinct.size) * width)].every((x) => x === 0)).toBe(true);
      update(hostArray(gradient, [64, width]), { step, learningRate: 0.1 });

      const all = hostArray(Int32Array.from(given.flatMap(({ data }) => [...data])));
      const weights = given.flatMap(({ data }) => [...data].flatMap((_, j) => Array.from({ length: width }, (_, k) => 1 + j + k)));
      pooled!.lookUp(all).update(hostArray(Float32Array.from(weights), [all.data.length, width]), { step, learningRate: 0.1 });
      expect(flat(viewed!.read())).toEqual(flat(pooled!.read()));
    }
  });

  it.each(['sum', 'mean', 'unit'] as const)('gives bags pooled by %s beforehand as bags of one id', (pooled) => {
    const [size, width] = [50, 4];
    const [viewed, direct] = [0, 1].map(() => embeddingTable({ values: normal('values', [size, width]), optimizer: sparseAdam() }));
    const given = [idsOf('a', [3, 7], size), idsOf('b', [2, 4], size)];
    given[0]!.data.fill(0, 7, 14); // An empty bag.
    const { output, ids, update } = viewed!.view(given, { pooled });
    expect(output.shape).toEqual([6, width]);
    expect(ids.map(({ shape, data }) => [shape, [...data]])).toEqual([
      [
        [3, 1],
        [1, 0, 3],
      ],
      [
        [2, 1],
        [4, 5],
      ],
    ]);
    const bags = given.map((bag) => direct!.bag(bag, { combiner: pooled }));
    expect(numbers(output)).toEqual([...new Float32Array(width), ...bags.flatMap((bag) => numbers(bag.output))]);
    update(normal('gradient', [6, width]), { step: 0, learningRate: 0.1 });

    // All of them in one array of bags, padded to one length.
    const all = hostArray(new Int32Array(6 * 7), [6, 7]);
    all.data.set(given[0]!.data, 7);
    for (const [i, at] of [28, 35].entries()) all.data.set(given[1]!.data.subarray(4 * i, 4 * i + 4), at);
    direct!.bag(all, { combiner: pooled }).update(normal('gradient', [6, width]), { step: 0, learningRate: 0.1 });
    expect(flat(viewed!.read())).toEqual(flat(direct!.read()));
    expect(() => viewed!.view([hostArray(Int32Array.of(1))], { pooled })).toThrow(expect.objectContaining({ code: 'shape_mismatch' }));
  });

  it('gives a view no more rows than the table has', () => {
    const table = embeddingTable({ values: normal('values', [20, 3]), optimizer: sparseSgd() });
    const all = hostArray(Int32Array.from({ length: 19 }, (_, i) => i + 1));
    expect(table.view([all]).output.shape).toEqual([20, 3]);
    expect(table.view([]).output.shape).toEqual([16, 3]);
    expect(() => table.view([hostArray(Int32Array.of(20))])).toThrow(expect.objectContaining({ code: 'out_of_range' }));
  });

  it.each(optimizers)('%s goes on from what was read with the same bits', (_, optimizer) => {
    const [size, width] = [50, 10];
    const steps = (table: ReturnType<typeof embeddingTable>, from: number, to: number) => {
      for (let step = from; step < to; step++)
        table.bag(idsOf(step, [4, 6], size)).update(normal(`gradient ${step}`, [4, width]), { step, learningRate: 0.01 });
    };
    const whole = embeddingTable({ values: normal('values', [size, width]), optimizer });
    steps(whole, 0, 6);
    const half = embeddingTable({ values: normal('values', [size, width]), optimizer });
    steps(half, 0, 3);
    const kept = half.read();
    const again = embeddingTable({ ...kept, optimizer });
    steps(again, 3, 6);
    expect(flat(again.read())).toEqual(flat(whole.read()));
    steps(half, 3, 5);
    half.load(kept);
    steps(half, 3, 6);
    expect(flat(half.read())).toEqual(flat(whole.read()));
    expect(flat(kept)).not.toEqual(flat(whole.read()));
  });

  it('takes batches larger than any before, several at once, and updates them in any order', () => {
    const [size, width] = [200, 8];
    const table = embeddingTable({ values: normal('values', [size, width]), optimizer: sparseSgd() });
    const small = table.lookUp(idsOf('small', [3], size));
    const kept = numbers(small.output);
    const large = table.lookUp(idsOf('large', [20_000], size));
    expect(large.output.shape).toEqual([20_000, width]);
    expect(numbers(small.output)).toEqual(kept);
    small.update(hostArray(new Float32Array(3 * width).fill(1), [3, width]), { step: 0, learningRate: 1 });
    const expected = normal('values', [size, width]).data;
    for (const id of idsOf('small', [3], size).data) for (let k = 0; k < width; k++) expected[Math.abs(id) * width + k]! -= Math.sign(id);
    expectNear(numbers(table.read().values), [...expected]);
  });

  it('allocates for the batch and not for the table', () => {
    const [size, width] = [200_000, 16];
    const table = embeddingTable({ values: hostArray(new Float32Array(size * width), [size, width]), optimizer: sparseAdam() });
    const step = (step: number) => {
      const bag = table.bag(idsOf(step, [32, 10], size));
      bag.update(normal(`gradient ${step}`, [32, width]), { step, learningRate: 0.01 });
    };
    for (let i = 0; i < 3; i++) step(i);
    const used = () => process.memoryUsage().arrayBuffers + process.memoryUsage().heapTotal;
    const before = used();
    let most = 0;
    for (let i = 3; i < 30; i++) {
      step(i);
      most = Math.max(most, used() - before);
    }
    expect(most).toBeLessThan((size * width * 4) / 2);
  });

  it('refuses what does not fit', () => {
    const code = (name: string) => expect.objectContaining({ code: name });
    const values = normal('values', [4, 3]);
    const table = embeddingTable({ values, optimizer: sparseAdam() });
    expect(() => table.lookUp(hostArray(Int32Array.of(-4)))).toThrow(code('out_of_range'));
    expect(() => table.bag(hostArray(Int32Array.of(1)))).toThrow(code('shape_mismatch'));
    const { update } = table.lookUp(hostArray(Int32Array.of(1)));
    expect(() => update(hostArray(new Float32Array(3)), { step: 0, learningRate: 1 })).toThrow(code('shape_mismatch'));
    expect(() => update(hostArray(new Int32Array(3), [1, 3]), { step: 0, learningRate: 1 })).toThrow(code('bad_dtype'));
    expect(() => table.load({ values, state: { sumOfSquares: values } })).toThrow(code('structure_mismatch'));
    expect(() => table.load({ values: normal('values', [3, 4]) })).toThrow(code('shape_mismatch'));
    expect(() => embeddingTable({ values: hostArray(new Float32Array(0), [0, 3]), optimizer: sparseSgd() })).toThrow(
      code('shape_mismatch'),
    );
    expect(() => sparseAdam({ beta1: 1 })).toThrow(code('bad_option'));
    expect(() => sparseAdagrad({ epsilon: -1 })).toThrow(code('bad_option'));
  });
});
