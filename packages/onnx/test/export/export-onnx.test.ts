import { hostRandom, type Module, type Params, random, run, seedKey } from '@taskloom/core';
import { bagOfEmbeddings, convolution1d, embedding, layerNorm, multiHeadAttention, transformerBlock } from '@taskloom/core/modules';
import {
  add,
  argMax,
  cast,
  concat,
  expandDims,
  fill,
  gather,
  greater,
  matMul,
  max,
  mean,
  mul,
  range,
  relu,
  reshape,
  slice,
  softmax,
  sum,
  type Tensor,
  type Tensor1D,
  tanh,
  tensor1d,
  tensor2d,
  tidy,
  tile,
  transpose,
} from '@tensorflow/tfjs-core';
import * as node from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import type { ExportOptions } from '../../src/export/export-onnx';
import { eagerly, expectClose, exported, integers, normal, type Ort, type Predict, runModel, tensor } from './agree';

const ort = node as unknown as Ort;
type Given = { readonly [name: string]: Tensor };

/** Exports once, and compares with eager at each of the feeds. */
async function expectSame(predict: Predict, options: ExportOptions, feeds: readonly Parameters<typeof eagerly>[1][], tolerance?: number) {
  const model = await exported(predict, options);
  for (const each of feeds) expectClose(await runModel(ort, model, each), await eagerly(predict, each), tolerance);
  return model;
}

function initial<P extends Params>(module: Module<never, unknown, P>, seed: string): P {
  return module.init(random(tensor1d(Int32Array.from(seedKey(seed)), 'int32') as Tensor1D));
}

const text = { inputs: { ids: { shape: [1, 1], dtype: 'int32' } }, dynamicAxes: { ids: { 0: 'batch', 1: 'time' } } } as const;
const texts = (...shapes: [number, number][]) => shapes.map((shape) => ({ ids: integers(`${shape}`, 30, ...shape) }));

describe('sizes that are free', () => {
  test('a perceptron at any batch size', async () => {
    const [w, v] = [tensor('w', 6, 5), tensor('v', 4, 5)];
    await expectSame(
      ({ x }: Given) => {
        const hidden = relu(matMul(x!, w));
        return { y: matMul(tanh(hidden), v, false, true), rows: mean(hidden, 0), flat: reshape(transpose(hidden), [-1]) };
      },
      { inputs: { x: { shape: [-1, 6] } }, dynamicAxes: { x: { 0: 'batch' } } },
      [1, 2, 17, 101].map((batch) => ({ x: normal(`x${batch}`, batch, 6) })),
    );
  });

  test('sums and products of two of them', async () => {
    await expectSame(
      ({ x }: Given) => {
        const [batch, time, width] = x!.shape as [number, number, number];
        const longer = concat([x!, fill([batch, 2, width], 0.5)], 1);
        return {
          flat: reshape(longer, [batch * (time + 2), width]),
          pairs: reshape(matMul(x!, x!, false, true), [batch, time * time]),
          tail: slice(longer, [0, time - 1, 0], [batch, 3, width]),
          tiled: tile(expandDims(sum(x!, [0, 2]), 0), [batch, 1]),
          filled: add(fill([time, batch], 2), sum(x!)),
          scaled: mul(sum(x!, 1), 1 / time),
        };
      },
      { inputs: { x: { shape: [0, 0, 3] } }, dynamicAxes: { x: { 0: 'batch', 1: 'time' } } },
      [{ x: normal('a', 1, 1, 3) }, { x: normal('b', 2, 5, 3) }, { x: normal('c', 7, 3, 3) }],
    );
  });

  test('positions counted by the function: a Range', async () => {
    const table = tensor('table', 40, 4);
    await expectSame(
      ({ x }: Given) => {
        const [batch, time] = x!.shape as [number, number];
        const positions = range(0, time, 1, 'int32');
        const rows = reshape(range(0, batch * 3, 3, 'int32'), [batch, 1]);
        return {
          y: add(x!, gather(table, positions)),
          same: gather(x!, range(0, batch, 1, 'int32')),
          rows: add(rows, range(5, time + 5, 1, 'int32')),
        };
      },
      { inputs: { x: { shape: [0, 0, 4] } }, dynamicAxes: { x: { 0: 'batch', 1: 'time' } } },
      [{ x: normal('a', 1, 1, 4) }, { x: normal('b', 3, 5, 4) }, { x: normal('c', 2, 40, 4) }],
    );
  });

  test('one axis in two inputs, and axes that are fixed', async () => {
    await expectSame(
      ({ a, b, n }: Given) => ({ all: concat([mul(a!, b!), a!], 1), big: greater(add(a!, n!), 0), best: argMax(b!, 1) }),
      {
        inputs: { a: { shape: [0, 3] }, b: { shape: [0, 3] }, n: { shape: [], dtype: 'float32' } },
        dynamicAxes: { a: { 0: 'rows' }, b: { 0: 'rows' } },
      },
      [1, 4].map((n) => ({ a: normal(`a${n}`, n, 3), b: normal(`b${n}`, n, 3), n: normal('n') })),
    );
  });
});

describe('constant arrays that grow with a size', () => {
  const width = 8;
  const attention = multiHeadAttention({ width, heads: 2, causal: true });
  const params = initial(attention as never, 'causal') as never;
  const sinusoids = (time: number) =>
    tensor2d(
      Float32Array.from({ length: time * width }, (_, n) => Math.sin(Math.floor(n / width) / (1 + (n % width)))),
      [time, width],
    );
  const predict = ({ x }: Given) => run(attention, params, { tokens: add(x!, sinusoids(x!.shape[1]!)) }).output;
  const options = { inputs: { x: { shape: [0, 0, width] } }, dynamicAxes: { x: { 0: 'batch', 1: 'time' } } };

  test('are kept for the greatest size and cut: a causal mask, positions', async () => {
    await expectSame(predict, { ...options, maxSizes: { time: 20 } }, [
      { x: normal('a', 1, 1, width) },
      { x: normal('b', 3, 7, width) },
      { x: normal('c', 2, 20, width) },
    ]);
  });

  test('also where only the greatest size sees all of a stored table', async () => {
    const table = tensor('positions', 31, width);
    await expectSame(({ x }: Given) => add(x!, slice(table, [0, 0], [x!.shape[1]!, width])), { ...options, maxSizes: { time: 31 } }, [
      { x: normal('a', 1, 1, width) },
      { x: normal('b', 3, 31, width) },
    ]);
  });

  test('are refused without it, by axis and op', async () => {
    await expect(exported(predict, options)).rejects.toMatchObject({
      code: 'not_exportable',
      message: expect.stringMatching(/Add .*'time'.*maxSizes: \{ time: … \}/),
    });
  });

  test('are refused if a smaller one is not the beginning of a larger one', async () => {
    const centred = ({ x }: Given) => add(x!, tensor1d(Float32Array.from({ length: x!.shape[1]! }, (_, i) => (i - x!.shape[1]! / 2) ** 2)));
    await expect(
      exported(centred, { inputs: { x: { shape: [1, 0] } }, dynamicAxes: { x: { 1: 'time' } }, maxSizes: { time: 50 } }),
    ).rejects.toMatchObject({ code: 'not_exportable', message: expect.stringContaining("changes with 'time'") });
  });
});

describe('the modules of core', () => {
  test('a transformer over ids', async () => {
    const width = 16;
    const [embed, block, norm] = [embedding({ size: 30, width }), transformerBlock({ width, heads: 4 }), layerNorm({ width })];
    const [table, one, two, last] = tidy(() => [
      initial(embed, 'e'),
      initial(block as never, '1'),
      initial(block as never, '2'),
      initial(norm, 'n'),
    ]);
    const predict = ({ ids }: Given) => {
      const paddingMask = cast(greater(ids!, 0), 'float32');
      const tokens = run(embed, table as never, ids!).output;
      const first = run(block, one as never, { tokens, paddingMask }).output;
      const second = run(block, two as never, { tokens: first, paddingMask }).output;
      const normed = run(norm, last as never, second).output;
      return { pooled: mean(normed, 1), probabilities: softmax(max(normed, 1)) };
    };
    await expectSame(predict, text, texts([1, 1], [1, 9], [3, 16], [5, 33]));
  });

  test('convolutions and bags of embeddings', async () => {
    const [embed, same, causal] = [
      embedding({ size: 30, width: 6 }),
      convolution1d({ inputs: 6, filters: 5, width: 3, activation: 'relu' }),
      convolution1d({ inputs: 6, filters: 4, width: 4, padding: 'causal' }),
    ];
    const bag = bagOfEmbeddings({ size: 30, width: 5 });
    const [table, a, b, c] = [initial(embed, 'e'), initial(same, 's'), initial(causal, 'c'), initial(bag as never, 'b')];
    const predict = ({ ids }: Given) => {
      const tokens = run(embed, table, ids!).output;
      return {
        seen: concat([run(same, a, tokens).output, run(causal, b, tokens).output], -1),
        bag: run(bag, c as never, { ids: ids! }).output,
      };
    };
    await expectSame(predict, text, texts([1, 1], [2, 8], [4, 21]));
  });
});

test('numbers drawn from a key that is given', async () => {
  const predict = ({ key, x }: Given) => mul(x!, random(key as Tensor1D).uniform(x!.shape as number[]));
  const keys = hostRandom(1).uniform(2);
  await expectSame(predict, { inputs: { key: { shape: [2], dtype: 'int32' }, x: { shape: [0, 3] } }, dynamicAxes: { x: { 0: 'batch' } } }, [
    { key: { shape: [2], dtype: 'int32', data: Int32Array.from(keys, (u) => u * 1e9) }, x: normal('x', 4, 3) },
    { key: { shape: [2], dtype: 'int32', data: Int32Array.of(1, 2) }, x: normal('x', 7, 3) },
  ]);
});
