import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Module, type Params, random, run, seedKey } from '@taskloom/core';
import { bagOfEmbeddings, embedding, layerNorm, transformerBlock } from '@taskloom/core/modules';
import { cast, greater, max, mean, softmax, type Tensor, type Tensor1D, tensor, tensor1d } from '@tensorflow/tfjs-core';
import * as node from 'onnxruntime-node';
import * as web from 'onnxruntime-web';
import { beforeAll, describe, expect, test } from 'vitest';
import { readOnnxMetadata } from '../../src/export/metadata';
import { eagerly, expectClose, exported, integers, type Ort, operators, type Predict, runModel } from './agree';

const width = 64;
const size = 500;
const options = { inputs: { ids: { shape: [0, 0], dtype: 'int32' } }, dynamicAxes: { ids: { 0: 'batch', 1: 'time' } } } as const;
let predict: Predict;

function initial<P extends Params>(module: Module<never, unknown, P>, seed: string): P {
  return module.init(random(tensor1d(Int32Array.from(seedKey(seed)), 'int32') as Tensor1D));
}

beforeAll(async () => {
  const { setBackend } = await import('@tensorflow/tfjs-core');
  await import('@tensorflow/tfjs-backend-cpu');
  await setBackend('cpu');
  const [embed, block, norm] = [embedding({ size, width }), transformerBlock({ width, heads: 4 }), layerNorm({ width })];
  const [table, one, last] = [initial(embed, 'e'), initial(block as never, '1'), initial(norm, 'n')];
  predict = ({ ids }: { readonly [name: string]: Tensor }) => {
    const paddingMask = cast(greater(ids!, 0), 'float32');
    const tokens = run(block, one as never, { tokens: run(embed, table, ids!).output, paddingMask }).output;
    const normed = run(norm, last, tokens).output;
    return { pooled: mean(normed, 1), topic: { probabilities: softmax(max(normed, 1)) } };
  };
});

const feeds = (...shapes: [number, number][]) => shapes.map((shape) => ({ ids: integers(`${shape}`, size, ...shape) }));

describe.each([
  ['fp32', 1e-5, 1],
  ['fp16', 2e-3, 0.55],
  ['int8', 0.06, 0.3],
] as const)('%s', (precision, tolerance, share) => {
  test.each([
    ['onnxruntime-node', node as unknown as Ort],
    ['onnxruntime-web', web as unknown as Ort],
  ])('%s agrees with eager, at several sizes', async (_, ort) => {
    const model = await exported(predict, { ...options, precision });
    for (const each of feeds([1, 1], [1, 12], [4, 7], [16, 33]))
      expectClose(await runModel(ort, model, each), await eagerly(predict, each), tolerance);
  });

  test('takes its share of bytes', async () => {
    const [small, whole] = [await exported(predict, { ...options, precision }), await exported(predict, options)];
    expect(small.length / whole.length).toBeLessThanOrEqual(share);
  });

  const python = spawnSync('/usr/bin/python3', ['-c', 'import onnx; print(onnx.__version__)'], { encoding: 'utf8' });
  const version = python.status === 0 ? python.stdout.trim() : undefined;
  test.skipIf(version === undefined)(
    `passes ONNX's checker${version === undefined ? ': skipped, /usr/bin/python3 has no onnx' : ` ${version}`}`,
    async () => {
      const file = join(mkdtempSync(join(tmpdir(), 'taskloom-onnx-')), 'model.onnx');
      writeFileSync(file, await exported(predict, { ...options, precision, metadata: { licence: 'Apache-2.0' } }));
      const script = `import onnx, sys
model = onnx.load(sys.argv[1])
onnx.checker.check_model(model, full_check=True)
print([o.version for o in model.opset_import], [d.dim_param or d.dim_value for o in model.graph.output for d in o.type.tensor_type.shape.dim])
print({p.key: p.value for p in model.metadata_props})`;
      const { status, stdout, stderr } = spawnSync('/usr/bin/python3', ['-c', script, file], { encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toBe(`[17] ['batch', 64, 'batch', 64]\n{'licence': 'Apache-2.0'}\n`);
    },
  );
});

test('int8 multiplies fixed matrices in whole numbers, fp32 none', async () => {
  const countOf = async (precision: 'fp32' | 'int8') => {
    const found = new Map<string, number>();
    for (const op of operators(await exported(predict, { ...options, precision }))) found.set(op, (found.get(op) ?? 0) + 1);
    return (op: string) => found.get(op) ?? 0;
  };
  const [whole, small] = [await countOf('fp32'), await countOf('int8')];
  // The block has six products with fixed matrices: query, key, value, output, and two of the perceptron; the first three share one quantised input.
  expect([small('MatMulInteger'), small('DynamicQuantizeLinear')]).toEqual([6, 4]);
  expect(small('MatMul')).toBe(whole('MatMul') - 6);
  expect([whole('MatMulInteger'), whole('DynamicQuantizeLinear')]).toEqual([0, 0]);
});

test('int8 adds the rows of a bag up in whole numbers, by the signs of its ids', async () => {
  const bag = bagOfEmbeddings({ size: 60, width: 9, combiner: 'unit' });
  const { ids: given } = initial(bag, 'bag');
  const signed = ({ ids }: { readonly [name: string]: Tensor }) => run(bag, { ids: given! }, { ids: ids! }).output;
  const model = await exported(signed, { ...options, precision: 'int8' });
  expect(operators(model).filter((op) => /MatMul|Quantize/.test(op))).toEqual(['MatMulInteger']);
  // The table's columns by hand, each with its own scale.
  const [rows, columns] = given!.table.shape as [number, number];
  const values = given!.table.dataSync();
  const scales = Array.from({ length: columns }, (_, c) => {
    const greatest = Array.from({ length: rows }, (_, r) => Math.abs(values[r * columns + c]!));
    return Math.max(...greatest) / 127;
  });
  const rounded = Float32Array.from(values, (value, i) => Math.round(value / scales[i % columns]!) * scales[i % columns]!);
  const table = tensor(rounded, [rows, columns]);
  const exact = ({ ids }: { readonly [name: string]: Tensor }) => run(bag, { ids: { table } }, { ids: ids! }).output;
  for (const shape of [
    [1, 1],
    [3, 40],
    [17, 8],
  ] as const) {
    const ids = integers(`${shape}`, size, ...shape);
    const each = {
      ids: { ...ids, data: Int32Array.from(ids.data, (id, i) => (i % 5 === 0 ? 0 : ((id % 59) + 1) * (i % 3 === 0 ? -1 : 1))) },
    };
    for (const ort of [node, web]) expectClose(await runModel(ort as unknown as Ort, model, each), await eagerly(exact, each), 1e-5);
    expectClose(await runModel(node as unknown as Ort, model, each), await eagerly(signed, each), 0.03);
  }

  // So are the features of each token.
  const tokens = { inputs: { ids: { shape: [0, 0, 4], dtype: 'int32' } }, dynamicAxes: { ids: { 0: 'batch', 1: 'time' } } } as const;
  const several = await exported(signed, { ...tokens, precision: 'int8' });
  expect(operators(several).filter((op) => /MatMul|Quantize/.test(op))).toEqual(['MatMulInteger']);
  const ids = { ids: integers('several', 60, 5, 7, 4) };
  for (const ort of [node, web]) expectClose(await runModel(ort as unknown as Ort, several, ids), await eagerly(exact, ids), 1e-5);
});

describe('outputs', () => {
  const three: Predict = ({ x }) => ({ a: mean(x!), b: { c: max(x!), d: softmax(x!) } });
  const fixed = { inputs: { x: { shape: [3] } } };
  test.each([[['b/d', 'a']], [['b/c']], [['a', 'b/c', 'b/d']]])('are those asked for, in their order: %j', async (outputs) => {
    const model = await exported(three, { ...fixed, outputs });
    const session = await node.InferenceSession.create(model, { logSeverityLevel: 3 });
    expect(session.outputNames).toEqual(outputs);
    await session.release();
    const x = { x: { shape: [3], dtype: 'float32', data: Float32Array.of(0, 1, 2) } } as const;
    const all = await eagerly(three, x);
    expectClose(await runModel(node as unknown as Ort, model, x), Object.fromEntries(outputs.map((name) => [name, all[name]!])));
  });

  test('leave out what only others need', async () => {
    expect(operators(await exported(three, { ...fixed, outputs: ['b/c'] }))).not.toContain('Softmax');
    expect(operators(await exported(three, fixed))).toContain('Softmax');
  });
});

describe('names and metadata', () => {
  test('come through as they are', async () => {
    const names = ['v0', 'v1.shape', 'a b/"c"\n', '重さ', '__proto__', 'constructor'];
    const metadata = Object.fromEntries([...names, 'x'.repeat(3000)].map((name) => [name, `${name}\u0000{"a":1}\u{1F4A9}`]));
    const model = await exported(({ v0, v1 }) => ({ v2: softmax(v0!), v3: max(v0!, 0), _v1: mean(v0!), v4: max(v1!) }), {
      inputs: { v0: { shape: [0, 3] }, v1: { shape: [2] } },
      dynamicAxes: { v0: { 0: 'n' } },
      metadata,
    });
    expect(readOnnxMetadata(model)).toEqual(metadata);
    const got = await runModel(node as unknown as Ort, model, {
      v0: { shape: [1, 3], dtype: 'float32', data: Float32Array.of(0, 0, 0) },
      v1: { shape: [2], dtype: 'float32', data: Float32Array.of(1, 2) },
    });
    expect(Object.keys(got).sort()).toEqual(['_v1', 'v2', 'v3', 'v4']);
    expect(got.v4!.data[0]).toBe(2);
  });
});
