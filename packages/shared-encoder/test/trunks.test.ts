import '@tensorflow/tfjs-backend-cpu';
import {
  embeddingTable,
  equals,
  flatten,
  hostArray,
  merge,
  type Params,
  random,
  run,
  sparseSgd,
  toTensor,
  unflatten,
} from '@taskloom/core';
import { expectAllClose, onBackends } from '@taskloom/testing';
import { add, concat, expandDims, mul, pad, setBackend, slice, type Tensor, tensor, tensor2d, tidy } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { bagOfEmbeddings, joined, linear, mlp, recurrent, type Trunk, textCNN, tokenEmbedding, transformer, trunk } from '../src';

beforeAll(async () => void (await setBackend('cpu')));

const int = (values: number[], shape: number[]) => tensor(values, shape, 'int32');
const all: { readonly [name: string]: Trunk } = {
  bagOfEmbeddings: bagOfEmbeddings({ size: { words: 9, characters: 5 }, width: 4, bags: ['words', 'characters'], projection: 3 }),
  linear: linear({ size: { words: 9, characters: 5 }, width: 4, bags: ['words', 'characters'] }),
  mlp: mlp({ inputs: 4, units: [5, 3], dropout: 0.1 }),
  textCNN: textCNN({ size: 9, width: 4, filters: 2, dropout: 0.2 }),
  'textCNN, attention, projected': textCNN({ size: 9, width: 4, widths: [1, 3], pooling: 'attention', projection: 5 }),
  'textCNN, embeddings pooled, projected': textCNN({ size: 9, width: 4, widths: [3], pool: 'embeddings', projection: 5 }),
  'textCNN, filters pooled': textCNN({ size: 9, width: 4, filters: 3, widths: [1, 3], pool: 'filters', dropout: 0.2 }),
  recurrent: recurrent({ size: 9, width: 4, units: 3, length: 11, dropout: 0.2 }),
  'recurrent, one layer, projected': recurrent({
    size: 9,
    width: 4,
    layers: 1,
    featureDropout: 0.3,
    length: 11,
    pooling: 'attention',
    projection: 5,
  }),
  joined: joined({
    parts: {
      bag: bagOfEmbeddings({ size: { words: 9, characters: 5 }, width: 4, bags: ['words', 'characters'], combiner: 'unit' }),
      filters: textCNN({ size: 9, width: 4, filters: 3, pool: 'filters' }),
    },
  }),
  'transformer, learned, mean': transformer({ size: 9, width: 4, heads: 2, length: 12 }),
  'transformer, sinusoidal, first, post': transformer({
    size: 9,
    width: 4,
    heads: 2,
    positions: 'sinusoidal',
    pooling: 'first',
    norm: 'post',
    blocks: 1,
  }),
  'transformer, none, meanMax': transformer({ size: 9, width: 4, heads: 1, positions: 'none', pooling: 'meanMax', blocks: 1 }),
};
const seesTime = Object.entries(all).filter(([, t]) => t.tokens);
const inputsOf = (t: Trunk): { readonly [name: string]: Tensor } => {
  const bags = { words: int([1, 8, 0, 3, 0, 0], [2, 3]), characters: int([1, -2, 4, 0], [2, 2]) };
  const tokens = { ids: int([1, 2, 3, 0, 4, 8, 0, 0], [2, 4]) };
  if (t.kind === 'mlp') return { values: random('x').normal([2, 4]) };
  if (t.kind === 'joined') return { ...bags, ...tokens };
  return t.kind === 'bagOfEmbeddings' || t.kind === 'linear' ? bags : tokens;
};

/** With the rows or sums that it asks for in place of its tables it computes the same. */
function expectTablesSeen(t: Trunk, inputs: { readonly [name: string]: Tensor }): void {
  const params = t.init(random(1));
  const small = { ...inputs };
  const tables = Object.entries(t.tables ?? {}).map(([path, { inputs: names, pooled }]) => {
    const whole = flatten(params).get(path)!;
    const table = embeddingTable({ values: hostArray(whole.dataSync() as Float32Array, whole.shape), optimizer: sparseSgd() });
    const view = table.view(
      names.map((name) => hostArray(inputs[name]!.dataSync() as Int32Array, inputs[name]!.shape)),
      { pooled },
    );
    for (const [i, name] of names.entries()) small[name] = toTensor(view.ids[i]!);
    return [path, toTensor(view.output)] as const;
  });
  expect(tables.map(([path]) => path).sort()).toEqual(
    // A linear trunk's are fitted apart: no step reads them.
    t.kind === 'linear' ? [] : [...flatten(params).keys()].filter((path) => /embedding\/.*table$/.test(path)).sort(),
  );
  const seen = (p: Params, x: typeof inputs) => run(t, p, x, { training: true, random: random(2) }).output.pooled;
  expectAllClose(seen(merge(params, unflatten(tables)), small), seen(params, inputs));
}

describe.each(Object.entries(all))('%s', (_, t) => {
  it('is built again from its config, through JSON', () => {
    const again = trunk(JSON.parse(JSON.stringify(t.config)));
    expect([again.kind, again.width, again.tokens, again.config]).toEqual([t.kind, t.width, t.tokens, t.config]);
    const params = t.init(random(1));
    expect(equals(again.init(random(1)), params)).toBe(true);
    expect(run(again, params, inputsOf(t)).output.pooled.dataSync()).toEqual(run(t, params, inputsOf(t)).output.pooled.dataSync());
  });

  it('sees of its tables the rows that its inputs name', () => expectTablesSeen(t, inputsOf(t)));

  it('keeps its promise of widths, also from parameters that were stored by path', () => {
    const params = unflatten(flatten(t.init(random(1)))) as Params;
    const { pooled, tokens, mask } = run(t, params, inputsOf(t)).output;
    expect(pooled.shape).toEqual([2, t.width]);
    expect(tokens?.shape).toEqual(t.tokens ? [2, 4, t.width] : undefined);
    expect(mask?.arraySync()).toEqual(
      t.tokens
        ? [
            [1, 1, 1, 0],
            [1, 1, 0, 0],
          ]
        : undefined,
    );
  });

  it('drops out in training only, by its random stream', () => {
    const params = t.init(random(1));
    const pooled = (training: boolean, seed: number) =>
      run(t, params, inputsOf(t), { training, random: random(seed) }).output.pooled.dataSync();
    expect(pooled(false, 1)).toEqual(pooled(false, 2));
    expect(pooled(true, 1)).toEqual(pooled(true, 1));
    const { dropout, featureDropout } = t.config as { dropout?: number; featureDropout?: number };
    if (dropout || featureDropout) expect(pooled(true, 1)).not.toEqual(pooled(true, 2));
  });
});

describe.each(seesTime)('padding of %s', (_, t) => {
  it('has no influence: neither how much of it there is, nor the other rows', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 0, max: 5 }),
        fc.nat(),
        (text, padding, seed) => {
          tidy(() => {
            const params = t.init(random(seed));
            const length = text.length;
            const alone = run(t, params, { ids: int(text, [1, length]) }).output;
            const wide = pad(int(text, [1, length]), [
              [0, 0],
              [0, padding],
            ]);
            const neighbour = int(
              Array.from({ length: length + padding }, (_, i) => (seed + i) % 9),
              [1, length + padding],
            );
            const { pooled, tokens } = run(t, params, { ids: concat([wide, neighbour], 0) }).output;
            expectAllClose(slice(pooled, [0, 0], [1, t.width]), alone.pooled, 1e-5);
            expectAllClose(slice(tokens!, [0, 0, 0], [1, length, t.width]), alone.tokens!, 1e-5);
          });
        },
      ),
      { numRuns: 15 },
    );
  });

  it('a row of padding only is finite, its tokens zero unless projected', () => {
    const { pooled, tokens, mask } = run(t, t.init(random(1)), { ids: int([0, 0, 0], [1, 3]) }).output;
    expect([...pooled.dataSync(), ...tokens!.dataSync()].every(Number.isFinite)).toBe(true);
    expect([...mask!.dataSync()]).toEqual([0, 0, 0]);
  });
});

onBackends(['cpu', 'wasm'], () => {
  it('token embedding averages the features of a token, with their signs', () => {
    const module = tokenEmbedding({ size: 4, width: 2 });
    const table = tensor2d([
      [9, 9],
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    const { tokens, mask } = run(module, { table }, int([1, -2, 0, 3, 0, 0, 0, 0, 0, -1, 2, 3], [2, 2, 3])).output;
    expectAllClose(tokens, tensor([(1 - 3) / 2, (2 - 4) / 2, 5, 6, 0, 0, (-1 + 3 + 5) / 3, (-2 + 4 + 6) / 3], [2, 2, 2]));
    expect(mask.arraySync()).toEqual([
      [1, 1],
      [0, 1],
    ]);
    const single = run(module, { table }, int([2, 0, -1], [1, 3])).output;
    expectAllClose(single.tokens, tensor([3, 4, 0, 0, -1, -2], [1, 3, 2]));
    expect(single.mask.arraySync()).toEqual([[1, 0, 1]]);
  });

  it('textCNN with one filter width, by hand', () => {
    const t = textCNN({ size: 4, width: 1, widths: [2], filters: 1, pooling: 'mean' });
    const params = {
      embedding: { table: tensor2d([[0], [1], [2], [3]]) },
      convolutions: { width2: { kernel: tensor([0.5, -1], [2, 1, 1]), bias: tensor([0.25]) } },
      mix: { kernel: tensor2d([[2]]), bias: tensor([0.1]) },
    };
    // conv_t = relu(0.5·x_t − x_{t+1} + 0.25), x = 3 1 2 0: 0.75, 0, 1.25; tokens x + 2·conv + 0.1.
    const { tokens, pooled } = run(t, params, { ids: int([3, 1, 2, 0], [1, 4]) }).output;
    expectAllClose(tokens!, tensor([4.6, 1.1, 4.6, 0], [1, 4, 1]));
    expectAllClose(pooled, tensor2d([[10.3 / 3]]));
    const early = textCNN({ size: 4, width: 1, widths: [2], filters: 1, pooling: 'mean', pool: 'embeddings' });
    const other = run(early, params, { ids: int([3, 1, 2, 0], [1, 4]) }).output;
    expectAllClose(other.tokens!, tokens!);
    expectAllClose(other.pooled, tensor2d([[2]]));
  });

  it('textCNN with its filters pooled: the most of what each has found, padding apart', () => {
    const t = textCNN({ size: 4, width: 1, widths: [1, 2], filters: 1, pool: 'filters' });
    const params = {
      embedding: { table: tensor2d([[0], [1], [2], [3]]) },
      convolutions: {
        width1: { kernel: tensor([-1], [1, 1, 1]), bias: tensor([1.5]) },
        width2: { kernel: tensor([0.5, -1], [2, 1, 1]), bias: tensor([0.25]) },
      },
    };
    // Width 1: relu(1.5 − x), at padding 1.5, which does not count; width 2 as above.
    const { pooled, tokens } = run(t, params, { ids: int([3, 1, 2, 0], [1, 4]) }).output;
    expectAllClose(pooled, tensor2d([[0.5, 1.25]]));
    expect([tokens, t.width]).toEqual([undefined, 2]);
  });

  it('linear: weights of the features over the root of their number; nothing in training', () => {
    const t = linear({ size: { a: 4, b: 3 }, width: 2, bags: ['a', 'b'] });
    expect([...flatten(t.init(random(1))).values()].every((leaf) => leaf.dataSync().every((x) => x === 0))).toBe(true);
    const table = (rows: number[][]) => ({ table: tensor2d(rows) });
    const params = { embedding: { a: table([9, 1, 2, 3].map((x) => [x, -x])), b: table([9, 10, 20].map((x) => [x, 0])) } };
    const inputs = { a: int([1, 3, 3, 0, -2, 0, 0, 0], [2, 4]), b: int([2, 0], [2, 1]) };
    const expected = [
      [(1 + 3 + 3) / Math.sqrt(3) + 20, -7 / Math.sqrt(3)],
      [-2, 2],
    ];
    expectAllClose(run(t, params, inputs).output.pooled, tensor2d(expected));
    expectAllClose(
      run(t, params, inputs, { training: true }).output.pooled,
      tensor2d([
        [0, 0],
        [0, 0],
      ]),
    );
    expect(() => run(t, params, { b: inputs.b }, { training: true })).toThrow(/found no input 'a'/);
  });

  it('joined: what its parts return, one after another', () => {
    const parts = { bag: all.bagOfEmbeddings!, filters: all['textCNN, filters pooled']!, tokens: all.textCNN! };
    const t = joined({ parts });
    const params = t.init(random(1));
    const inputs = inputsOf(t);
    const alone = Object.entries(parts).map(([name, part]) => run(part, params[name] as Params, inputs).output.pooled);
    expectAllClose(run(t, params, inputs).output.pooled, concat(alone, -1));
  });

  it('sinusoidal positions: √d·x + sin, cos', () => {
    const t = transformer({ size: 3, width: 4, heads: 1, blocks: 0, norm: 'post', positions: 'sinusoidal' });
    const params = {
      embedding: {
        table: tensor2d([
          [0, 0, 0, 0],
          [1, 2, 3, 4],
          [5, 6, 7, 8],
        ]),
      },
    };
    const { tokens } = run(t, params, { ids: int([1, 2], [1, 2]) }).output;
    const place = [0, 1, 0, 1, Math.sin(1), Math.cos(1), Math.sin(0.01), Math.cos(0.01)];
    expectAllClose(
      tokens!,
      tensor(
        [1, 2, 3, 4, 5, 6, 7, 8].map((x, i) => 2 * x + place[i]!),
        [1, 2, 4],
      ),
    );
  });
});

describe('a prefix of the transformer', () => {
  it('is seen by the pooled vector, and leaves tokens aligned', () => {
    const prefix = {
      config: { module: 'twoTokens' },
      init: () => ({ vectors: random('prefix').normal([2, 2, 4]) }),
      apply: (params: Params, { tokens, mask }: { tokens: Tensor; mask: Tensor }) => ({
        tokens: concat([params.vectors as Tensor, tokens], 1),
        mask: concat(
          [
            tensor2d([
              [1, 1],
              [1, 1],
            ]),
            mask,
          ],
          1,
        ),
      }),
    };
    const t = transformer({ size: 9, width: 4, heads: 2, pooling: 'first', prefix });
    const params = t.init(random(1));
    const ids = int([1, 2, 3, 0, 4, 8, 0, 0], [2, 4]);
    const { pooled, tokens, mask } = run(t, params, { ids }).output;
    expect([tokens!.shape, mask!.arraySync()]).toEqual([
      [2, 4, 4],
      [
        [1, 1, 1, 0],
        [1, 1, 0, 0],
      ],
    ]);
    expectAllClose([...tokens!.dataSync()].slice(12, 16), [0, 0, 0, 0], 0);
    const other = { ...params, prefix: { vectors: add((params.prefix as { vectors: Tensor }).vectors, 1) } };
    expect(run(t, other, { ids }).output.pooled.dataSync()).not.toEqual(pooled.dataSync());
    expect(() => trunk(t.config)).toThrow(/prefix cannot be built/);
  });
});

describe('mistakes', () => {
  it('are named', () => {
    const [cnn, perceptron, bags] = [all.textCNN!, all.mlp!, all.bagOfEmbeddings!];
    expect(() => run(cnn, cnn.init(random(1)), { id: int([1], [1, 1]) })).toThrow(
      /no input 'ids'.*Expected \{ ids: Tensor \}, got \{ id \}/,
    );
    expect(() => run(cnn, cnn.init(random(1)), int([1], [1, 1]))).toThrow(/got a bare tensor/);
    expect(() => run(perceptron, perceptron.init(random(1)), {})).toThrow(/no input 'values'/);
    expect(() => run(bags, bags.init(random(1)), { words: int([1], [1, 1]) })).toThrow(/no input 'characters'/);
    const short = transformer({ size: 9, width: 4, heads: 2, length: 2 });
    expect(() => run(short, short.init(random(1)), { ids: int([1, 2, 3], [1, 3]) })).toThrow(/more tokens than learned positions/);
    expect(() => trunk({ kind: 'joined', parts: {} })).toThrow(/needs parts/);
    expect(() => trunk({ kind: 'joined', parts: { a: { kind: 'textCNN', size: 9, width: 4 } }, width: 3 } as never)).toThrow(
      /no option 'width'/,
    );
    const staged = { ...cnn, stages: { tasks: ['a'], once: (_: Params, inputs: never) => inputs, perTask: cnn.apply } };
    expect(() => joined({ parts: { cnn: staged } })).toThrow(/'cnn' sees the task/);
    expect(() => trunk({ kind: 'textCnn', size: 9, width: 4 })).toThrow(/Did you mean 'textCNN'\?/);
  });
});

describe('a bag of embeddings with its tables elsewhere', () => {
  const bags = { words: int([1, 8, 0, 3, 0, 0, -4, 4, 2], [3, 3]), characters: int([1, -2, 0, 0, 4, 0], [3, 2]) };
  const two = { size: 9, width: 4, bags: ['words', 'characters'] } as const;
  it.each([
    [{ size: 9, width: 4, bags: ['words'] }, 'mean'],
    [two, undefined],
    [{ ...two, combiner: 'sum' }, 'sum'],
    [{ ...two, combiner: 'unit', projection: 3 }, 'unit'],
    [{ ...two, combiner: 'unit', shared: true }, 'unit'],
    [{ ...two, combiner: 'unit', featureDropout: 0.5 }, undefined],
    [{ ...two, combiner: 'max' }, undefined],
    [{ ...two, combiner: 'sum', trainBy: 'matrix' }, 'sum'],
  ] as const)('%j', (options, pooled) => {
    const t = bagOfEmbeddings(options);
    expect(Object.values(t.tables!).map((read) => read.pooled)).toEqual(Object.keys(t.tables!).map(() => pooled));
    expectTablesSeen(t, bags);
  });
});

describe('tokenEmbedding', () => {
  const table = random('table').normal([9, 3]);
  const row = (id: number) => slice(table, [id, 0], [1, 3]);

  it('unit: the sum of the features over the root of their number', () => {
    const of = tokenEmbedding({ size: 9, width: 3, combiner: 'unit' });
    const { tokens } = run(of, { table }, int([1, 2, 3, 4, 5, -6, 0, 0], [1, 2, 4])).output;
    const sums = [add(add(row(1), row(2)), add(row(3), row(4))), add(row(5), mul(row(6), -1))];
    expectAllClose(tokens, expandDims(concat([mul(sums[0]!, 1 / 2), mul(sums[1]!, Math.SQRT1_2)], 0), 0), 1e-6);
  });

  it.each([
    ['an id a token', [1, 200]],
    ['features of a token', [1, 200, 1]],
  ])('leaves whole ids out in training, and divides the others by what is kept: %s', (_, shape) => {
    const of = tokenEmbedding({ size: 9, width: 3, combiner: 'unit', featureDropout: 0.75 });
    const ids = int(
      Array.from({ length: 200 }, (_, i) => (i % 8) + 1),
      shape,
    );
    const plain = run(of, { table }, ids).output;
    const trained = run(of, { table }, ids, { training: true, random: random(1) }).output;
    expect(trained.mask.dataSync()).toEqual(plain.mask.dataSync());
    const [whole, left] = [plain.tokens, trained.tokens].map((tokens) => (tokens.arraySync() as number[][][])[0]!);
    const kept = left!.map((token) => token.some((value) => value !== 0));
    expect(kept.filter(Boolean).length).toBeGreaterThan(25);
    expect(kept.filter(Boolean).length).toBeLessThan(75);
    for (const [t, token] of left!.entries())
      for (const [i, value] of token.entries()) expect(value).toBeCloseTo(kept[t] ? 4 * whole![t]![i]! : 0, 5);
  });
});
