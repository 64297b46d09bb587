import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { gelu, type HostArray, hostArray, hostRandom, type Params, random, valueAndGradients } from '@taskloom/core';
import { dropout } from '@taskloom/core/modules';
import { matMul, mean, mul, type Scalar, square, sub, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core';
import { ModelProtoSchema } from 'onnx-buf';
import { InferenceSession } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { bytesOf, nodesOf, type Value } from '../../src/graph/value';
import { optimized } from '../../src/passes';
import { rematerialized } from '../../src/passes/rematerialize';
import { sessionOptions } from '../../src/run/node';
import { type GraphStage, program } from '../../src/run/program';
import { mapLeaves } from '../../src/trace/leaves';
import { type Trace, trace } from '../../src/trace/trace';
import { operators } from '../operators';
import { expectParity, type Step } from '../parity';

const draw = (seed: string, ...shape: number[]) => hostArray(hostRandom(seed).normal(shape.reduce((a, b) => a * b, 1)), shape);
const drop = dropout({ rate: 0.25 });

/** Gradient descent through a product, GELU, dropout and a product. */
const step = ((state: { a: Tensor2D; b: Tensor2D }, { x, key }: { x: Tensor2D; key: Tensor1D }) => {
  const context = { training: true, random: () => random(key) } as never;
  const loss = ({ a, b }: typeof state) => {
    const inner = drop.apply({}, gelu(mul(matMul(x, a), 0.1)), context) as Tensor2D;
    return mean(square(matMul(inner, b))) as Scalar;
  };
  const { value, gradients } = valueAndGradients(loss as never, state as never as Params);
  const by = gradients as never as typeof state;
  const next = { a: sub(state.a, mul(by.a, 0.01)), b: sub(state.b, mul(by.b, 0.01)) };
  return { state: next, outputs: { value } };
}) as never as Step;
const state = { a: draw('a', 16, 256), b: draw('b', 256, 16) };
const inputs = (rows: number) => ({ x: draw('x', rows, 16), key: hostArray(Int32Array.of(3, 4)) });
const traced = (rows: number) => optimized(trace(step, state as Record<string, HostArray>, inputs(rows)));

/** Bytes of large arrays that the losses need, and that are read once more by what they do not need; a view is what it is a view of. */
function keptBytes({ outputs, nextState }: Trace): number {
  const values: Value[] = [];
  mapLeaves(outputs, (value) => values.push(value));
  const forward = new Set(nodesOf(values));
  const behind = (value: Value): Value => (value.producer?.op === 'Reshape' ? behind(value.producer.inputs[0]!) : value);
  const kept = new Set<Value>();
  for (const node of nodesOf([...nextState.values()]))
    if (!forward.has(node)) for (const input of node.inputs) if (input?.producer && forward.has(input.producer)) kept.add(behind(input));
  return [...kept].reduce((sum, value) => sum + bytesOf(value), 0);
}

test('the backward pass makes again what cheap operators make, so that less is kept; nothing else is computed twice', async () => {
  const before = traced(256);
  const after = rematerialized(before);
  const array = 256 * 256 * 4;
  // The scaled result of the first product, Φ, what GELU and dropout gave, and the mask; then the first two and the mask by its bits.
  expect(keptBytes(before)).toBeGreaterThan(3.9 * array);
  expect(keptBytes(after)).toBeLessThan(2.4 * array);
  const [plain, less] = [operators(before), operators(after)];
  for (const op of ['MatMul', 'Erf', 'Exp', 'BitwiseXor', 'Concat']) expect([op, less[op]]).toEqual([op, plain[op]]);
  expect(less.Mul).toBeGreaterThan(plain.Mul!);
  await expectParity(step, state, [inputs(256), inputs(256)]);
});

test('small arrays are kept', () => {
  const small = traced(8);
  expect(rematerialized(small)).toBe(small);
});

test('ONNX Runtime does not share what is made again', async () => {
  const after = rematerialized(traced(256));
  const written = program(after, (nameOf) => mapLeaves(after.outputs, nameOf));
  const folder = mkdtempSync(join(tmpdir(), 'rematerialized-'));
  try {
    const file = join(folder, 'optimized.onnx');
    const { model } = written.stages[0] as GraphStage;
    const session = await InferenceSession.create(model, { ...sessionOptions(1), optimizedModelFilePath: file } as never);
    await session.release();
    const { node } = fromBinary(ModelProtoSchema, readFileSync(file)).graph!;
    const toFloat = ({ opType, attribute }: (typeof node)[number]) =>
      opType === 'Cast' && attribute.find(({ name }) => name === 'to')?.i === 1n;
    // The mask of the forward pass, and that of the backward pass.
    expect(node.filter(toFloat)).toHaveLength(2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
