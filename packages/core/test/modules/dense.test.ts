import '@tensorflow/tfjs-backend-cpu';
import { expectAllClose } from '@taskloom/testing';
import { elu, relu, setBackend, sigmoid, softplus, type Tensor, tanh } from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { run } from '../../src/module';
import { type Activation, activate, dense } from '../../src/modules';
import { random } from '../../src/random';
import { affine, gelu, matrix } from './reference';

beforeAll(() => setBackend('cpu'));

const [kernel, bias] = [() => random('k').normal([4, 3]), () => random('b').normal([3])];

it('computes x·kernel + bias row by row', () => {
  const params = { kernel: kernel(), bias: bias() };
  const x = random('x').normal([2, 5, 4]);
  const y = run(dense({ units: 3, inputs: 4 }), params, x).output;
  expect(y.shape).toEqual([2, 5, 3]);
  const expected = (x.arraySync() as number[][][])
    .flat()
    .flatMap((row) => affine(row, matrix(params.kernel), params.bias.arraySync() as number[]));
  expectAllClose(y, expected);
});

it('has no bias where none is asked for', () => {
  const module = dense({ units: 3, inputs: 4, bias: false });
  expect(Object.keys(module.init(random(1)))).toEqual(['kernel']);
});

it('applies each activation', () => {
  const x = random('x').normal([40]);
  const direct: { readonly [name in Exclude<Activation, 'gelu' | 'geluTanh'>]: (x: Tensor) => Tensor } = {
    relu,
    tanh,
    sigmoid,
    elu,
    softplus,
  };
  for (const [name, f] of Object.entries(direct)) expectAllClose(activate(name as Activation, x), f(x));
  const values = x.arraySync() as number[];
  expectAllClose(activate('gelu', x), values.map(gelu), 1e-5);
  expectAllClose(
    activate('geluTanh', x),
    values.map((v) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)))),
    1e-5,
  );
  expect(() => activate('swish' as Activation, x)).toThrowError(expect.objectContaining({ code: 'unknown_activation' }));
});

it('refuses an input of another width, naming both', () => {
  const module = dense({ units: 3, inputs: 4 });
  expect(() => run(module, module.init(random(1)), random('x').normal([2, 5]))).toThrowError(/\[…, 4\].*\[2, 5\]/);
});
