import '@tensorflow/tfjs-backend-cpu';
import { expectAllClose, expectGradients, expectTensors, expectTraceable, finiteDifference, sampleTensor } from '@taskloom/testing';
import { customGrad, type GradSaveFunc, mul, scalar, square, sub, type Tensor, tanh, tensor1d } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { repairGradients } from '../src/index';

/** tanh with a gradient of the test's choice. */
const tanhWith = (slope: (x: Tensor, y: Tensor) => Tensor) =>
  customGrad((...given) => {
    const [x, save] = given as unknown as [Tensor, GradSaveFunc];
    const y = tanh(x);
    save([x, y]);
    return { value: y, gradFunc: (dy: Tensor, saved: Tensor[]) => mul(dy, slope(saved[0]!, saved[1]!)) };
  });

describe('the test helpers notice what is wrong', () => {
  const x = sampleTensor([4]);

  test('finite differences of a cubic', () => {
    expectAllClose(
      finiteDifference((y) => mul(y!, square(y!)), [tensor1d([1, -2])], 0),
      [3, 12],
      1e-4,
    );
  });

  test('a wrong first order', () => {
    repairGradients();
    expect(() =>
      expectGradients(
        tanhWith((_, y) => sub(1.02, square(y))),
        [x],
        { orders: [1] },
      ),
    ).toThrow('expected');
  });

  test('a saved output: right at first order, wrong at second', () => {
    const stock = tanhWith((_, y) => sub(1, square(y)));
    expectGradients(stock, [x], { orders: [1] });
    expect(() => expectGradients(stock, [x], { orders: [2] })).toThrow('expected');
    expectGradients(
      tanhWith((input) => sub(1, square(tanh(input)))),
      [x],
    );
  });

  test('a leak, NaN, a wrong shape, a read', async () => {
    expect(() => expectTensors(() => scalar(1), 0)).toThrow('tensors kept');
    expect(() => expectAllClose([Number.NaN], [0])).toThrow('expected 0');
    expect(() => expectAllClose(tensor1d([1]), scalar(1))).toThrow();
    await expect(
      expectTraceable(() => {
        customGrad((...given) => ({ value: scalar((given[0] as Tensor).dataSync()[0]!), gradFunc: (dy: Tensor) => dy }))(scalar(1));
      }),
    ).rejects.toThrow('cannot be traced');
  });
});
