import { fromBinary } from '@bufbuild/protobuf';
import { hostArray, hostCall, hostRandom, type Params, valueAndGradients } from '@taskloom/core';
import {
  add,
  cast,
  erf,
  greater,
  matMul,
  mean,
  mul,
  reshape,
  type Scalar,
  slice,
  square,
  stack,
  sub,
  sum,
  type Tensor,
  tanh,
} from '@tensorflow/tfjs-core';
import { ModelProtoSchema, TensorProto_DataType } from 'onnx-buf';
import { expect, test } from 'vitest';
import { lowered } from '../../src/run/lowered';
import type { GraphStage, HostStage } from '../../src/run/program';
import { trace } from '../../src/trace/trace';
import { operatorsOf } from '../operators';
import { expectParity } from '../parity';

const draw = (seed: string, ...shape: number[]) => hostArray(hostRandom(seed).normal(shape.reduce((a, b) => a * b, 1)), shape);

type P = { a: Tensor; b: Tensor; heads: { [task: string]: Tensor } };
const tasks = ['one', 'two', 'three'];
const state = {
  a: draw('a', 20, 30),
  b: draw('b', 30, 25),
  heads: Object.fromEntries(tasks.map((task) => [task, draw(task, 25, 9)])),
};
const batch = (seed: number) => ({ x: draw(`x${seed}`, 40, 20), y: draw(`y${seed}`, 40, 9) });

/**
 * A step whose weights of the tasks are asked of `ask`, given the losses, before the gradients are joined, and whose learning rate is asked of it again, given the
 * joined gradients: the forward pass is read by every part.
 */
const stepWith =
  (ask: (values: Tensor, factor: number) => Tensor) =>
  (params: P, { x, y }: { x: Tensor; y: Tensor }) => {
    const loss = (p: P, task: string) => mean(square(sub(matMul(tanh(matMul(tanh(matMul(x, p.a)), p.b)), p.heads[task]!), y))) as Scalar;
    const passes = tasks.map((task) => valueAndGradients((p: P) => loss(p, task), params));
    const weights = ask(stack(passes.map(({ value }) => value)), 0.5);
    const joined = (leaf: (gradients: P) => Tensor) =>
      passes.map(({ gradients }, i) => mul(leaf(gradients), reshape(slice(weights, i, 1), []))).reduce((a, b) => add(a, b));
    const gradients = { a: joined(({ a }) => a), b: joined(({ b }) => b) };
    const rate = ask(reshape(add(sum(square(gradients.a)), sum(square(gradients.b))), [1]), -0.01);
    const heads = Object.fromEntries(tasks.map((task, i) => [task, add(params.heads[task]!, passes[i]!.gradients.heads[task]!)]));
    return {
      state: { a: add(params.a, mul(gradients.a, rate)), b: add(params.b, mul(gradients.b, rate)), heads },
      outputs: { weights, hidden: tanh(matMul(x, params.a)) },
    };
  };

const bounded = (values: Float64Array, factor: number) => values.map((value) => (factor * value) / (1 + Math.abs(value)));
const onHost = stepWith((values, factor) => hostCall([values], [values.shape], ([given]) => [bounded(given!, factor)])[0]!);
const inGraph = stepWith((values, factor) => mul(values, factor));

const programOf = (step: unknown) => lowered(trace(step as never, state as unknown as Params as never, batch(0)), undefined).program;

test('a step cut by two host calls repeats nothing of its forward and backward pass', () => {
  const [cut, whole] = [programOf(onHost), programOf(inGraph)];
  expect(cut.stages.map(({ kind }) => kind)).toEqual(['graph', 'host', 'graph', 'host', 'graph']);
  expect(whole.stages.map(({ kind }) => kind)).toEqual(['graph']);
  const [parts, one] = [operatorsOf(cut), operatorsOf(whole)];
  // Cheap operators may be written again where that keeps a tensor in the engine.
  expect(one.Tanh).toBe(2);
  for (const op of ['MatMul', 'Tanh', 'ReduceSum', 'Div']) expect([op, parts[op]]).toEqual([op, one[op]!]);
});

test('with the same numbers', () => expectParity(onHost as never, state, [1, 2, 3].map(batch)));

test('hands over what is dear to make, and of a mask its bits; what elementwise passes make of them is made again', async () => {
  const step = (_: Params, { x, y }: { x: Tensor; y: Tensor }) => {
    const dear = matMul(x, y);
    const mask = mul(cast(greater(y, 0), 'float32'), 2);
    const part = erf(mul(dear, 0.5));
    const shown = mul(part, mask);
    const [weight] = hostCall([reshape(sum(shown), [1])], [[1]], ([total]) => [bounded(total!, 1)]);
    return { state: {}, outputs: { after: mul(add(mul(shown, mask), add(part, dear)), weight!) } };
  };
  const { data, shape } = draw('left', 256, 256);
  const inputs = { x: hostArray(data.map((value) => value / 16) as Float32Array, shape), y: draw('right', 256, 512) };
  const { program } = lowered(trace(step as never, {} as never, inputs as never), undefined);
  const [before, asked, after] = program.stages as [GraphStage, HostStage, GraphStage];
  const { output } = fromBinary(ModelProtoSchema, before.model).graph!;
  const types = output.flatMap(({ name, type }) =>
    asked.inputs.includes(name) ? [] : [(type!.value.value as { elemType: number }).elemType],
  );
  const { FLOAT, BOOL } = TensorProto_DataType;
  expect(types.sort()).toEqual([FLOAT, BOOL].sort());
  const [first, second] = [operatorsOf({ stages: [before] }), operatorsOf({ stages: [after] })];
  expect(first).toMatchObject({ MatMul: 1, Greater: 1, Cast: 1, Erf: 1 });
  expect(second).toMatchObject({ Cast: 1, Erf: 1 });
  for (const op of ['MatMul', 'Greater']) expect(second).not.toHaveProperty(op);
  await expectParity(step as never, {}, [inputs]);
});

test('outputs stand in the order in which they are ready last, so that ONNX Runtime, which begins at the last, uses up what the last layers keep first', () => {
  const chain = (params: { first: Tensor; last: Tensor }, { x }: { x: Tensor }) => {
    const loss = (p: typeof params) => mean(square(tanh(matMul(tanh(matMul(x, p.first)), p.last)))) as Scalar;
    const { value, gradients } = valueAndGradients(loss as never, params as never as Params);
    const by = gradients as never as typeof params;
    return { state: { last: sub(params.last, by.last), first: sub(params.first, by.first) }, outputs: { value } };
  };
  const leaves = { first: draw('first', 200, 300), last: draw('last', 300, 200) };
  const { program } = lowered(trace(chain as never, leaves as never, { x: draw('x', 8, 200) }), undefined);
  const [stage] = program.stages;
  const places = [program.nextState.get('first'), program.nextState.get('last'), (program.outputs as { readonly value: string }).value];
  expect(stage!.outputs).toEqual(places);
});
