import '@tensorflow/tfjs-backend-cpu';
import { expectAllClose } from '@taskloom/testing';
import { add, setBackend, type Tensor, zeros } from '@tensorflow/tfjs-core';
import { beforeAll, expect, expectTypeOf, it } from 'vitest';
import { type Module, run } from '../../src/module';
import { bagOfEmbeddings, type DenseParams, dense, dropout, layerNorm, residual, sequential } from '../../src/modules';
import { flatten } from '../../src/params';
import { random } from '../../src/random';

beforeAll(() => setBackend('cpu'));

it('applies its parts in order, under their names', () => {
  const [first, second] = [dense({ units: 3, inputs: 4, activation: 'tanh' }), dense({ units: 2, inputs: 3 })];
  const list = sequential([first, second]);
  const named = sequential({ zebra: first, ant: second });
  const params = list.init(random(1));
  expect([...flatten(params).keys()]).toEqual(['0/bias', '0/kernel', '1/bias', '1/kernel']);
  const x = random('x').normal([5, 4]);
  const expected = run(second, params[1], run(first, params[0], x).output).output;
  expectAllClose(run(list, params, x).output, expected);
  expectAllClose(run(named, { zebra: params[0], ant: params[1] }, x).output, expected);
  expect(() => sequential({ 1: first })).toThrowError(expect.objectContaining({ code: 'bad_name' }));
});

it('knows the types of its ends and of its parameters', () => {
  const module = sequential([bagOfEmbeddings({ size: 5, width: 3 }), layerNorm({ width: 3 }), dense({ units: 2, inputs: 3 })]);
  expectTypeOf(module.init(random(1))[2]).toEqualTypeOf<DenseParams>();
  expectTypeOf(module.apply).returns.toEqualTypeOf<Tensor>();
});

it('gives parts without parameters none, and different parts different starts', () => {
  const module = sequential({ a: dense({ units: 3, inputs: 3 }), rest: dropout({ rate: 0.1 }), b: dense({ units: 3, inputs: 3 }) });
  const params = module.init(random(1));
  expect(Object.keys(params.rest)).toEqual([]);
  expect(params.a.kernel.dataSync()).not.toEqual(params.b.kernel.dataSync());
});

it('residual adds its input', () => {
  const inner = dense({ units: 4, inputs: 4 });
  const params = inner.init(random(1));
  const x = random('x').normal([2, 4]);
  expectAllClose(run(residual(inner), params, x).output, add(x, run(inner, params, x).output));
});

it('carries buffers of its parts', () => {
  const counter: Module<Tensor, Tensor> = {
    config: { module: 'counter' },
    init: () => ({}),
    buffers: () => ({ total: zeros([2]) }),
    apply(_, x, context) {
      context.update('total', add(context.buffer('total'), x));
      return x;
    },
  };
  const module = sequential({ count: counter, again: residual(counter) });
  const { buffers } = run(module, { count: {}, again: {} }, random('x').uniform([2]), { buffers: module.buffers!() });
  expect([...flatten(buffers).keys()]).toEqual(['again/total', 'count/total']);
  expectAllClose(flatten(buffers).get('count/total')!, random('x').uniform([2]));
});
