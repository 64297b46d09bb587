import { expectAllClose, expectTensors, onBackends } from '@taskloom/testing';
import { add, memory, mul, type Scalar, scalar, square, sub, sum, type Tensor, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { again, eager, type HostArray, hostArray, hostCall, readTree, valueAndGradients } from '../src/index';

type State = { w: Tensor; fixed: { scale: Tensor } };

/** One step of gradient descent on (w·x − y)². */
const descend = (state: State, { x, y }: { x: Tensor; y: Tensor }) => {
  const { value, gradients } = valueAndGradients((p) => sum(square(sub(mul(p.w, x), y))) as Scalar, { w: state.w });
  return {
    state: { w: sub(state.w, mul(gradients.w, state.fixed.scale)), fixed: state.fixed },
    outputs: { loss: value, prediction: mul(state.w, x) },
  };
};

onBackends(['cpu', 'wasm'], () => {
  test('eager: state is donated, inputs stay the caller’s, nothing accumulates over 100 steps', async () => {
    const before = memory().numTensors;
    const state: State = { w: tensor1d([0, 0]), fixed: { scale: scalar(0.1) } };
    const step = await eager().compile(descend, { state });
    const y = tensor1d([2, -3]);
    const inputs = { x: hostArray(Float32Array.of(1, 1)), y };
    let loss = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 100; i++) {
      const outputs = await step(inputs);
      loss = outputs.loss.data[0]!;
      expect(outputs.prediction.shape).toEqual([2]);
    }
    expect(loss).toBeLessThan(1e-6);
    expect(state.w.isDisposed).toBe(true);
    expect(memory().numTensors - before).toBe(2 + 1); // the state and y
    const read = await step.readState();
    expectAllClose(read.w.data, [2, -3], 1e-4);
    expectAllClose(read.fixed.scale.data, [0.1]);

    await step.load({ w: hostArray(Float32Array.of(7, 8)), fixed: { scale: scalar(0) } });
    await step(inputs);
    expectAllClose((await step.readState()).w.data, [7, 8]);
    step.dispose();
    y.dispose();
    expect(memory().numTensors - before).toBe(1); // the scalar given to load stays the caller's
  });

  test('eager: `again` is the tensors themselves', () => {
    tidy(() => {
      const state = { w: tensor1d([1, 2]) };
      expect(again(state).w).toBe(state.w);
    });
  });

  test('eager: a step that throws leaves the state as it was', async () => {
    let fail = true;
    const step = await eager().compile(
      (state: { n: Tensor }, { by }: { by: Tensor }) => {
        const n = add(state.n, by);
        if (fail) throw new Error('no');
        return { state: { n }, outputs: n };
      },
      { state: { n: scalar(1) } },
    );
    const by = hostArray(Float32Array.of(2), []);
    await expect(expectTensors(() => step({ by }).catch((error: Error) => error.message), 0)).resolves.toBe('no');
    fail = false;
    expectAllClose(((await step({ by })) as HostArray).data, [3]);
    step.dispose();
  });

  test('readTree copies', async () => {
    const x = tensor1d([1, 2], 'int32');
    const read = (await readTree({ x, same: x })) as { x: HostArray; same: HostArray };
    expect(read.x).toEqual(hostArray(Int32Array.of(1, 2)));
    read.x.data[0] = 9;
    expectAllClose(x, [1, 2]);
    x.dispose();
  });

  test('hostCall: float64 in, inputs in order past ten, several outputs', () => {
    expectTensors(() => {
      tidy(() => {
        const inputs = Array.from({ length: 12 }, (_, i) => (i === 3 ? tensor1d([i], 'int32') : tensor1d([i, i])));
        const [order, sizes] = hostCall(inputs, [[12], [2, 6]], (values) => {
          expect(values.every((each) => each instanceof Float64Array)).toBe(true);
          return [Float64Array.from(values, (each) => each[0]!), Float64Array.from(values, (each) => each.length)];
        }) as [Tensor, Tensor];
        expectAllClose(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        expect(sizes.shape).toEqual([2, 6]);
        expectAllClose(sizes, [2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 2, 2]);
        const [one] = hostCall([scalar(2)], [[]], ([x]) => [Float64Array.of(Math.sqrt(x![0]!))]);
        expectAllClose(one!, [Math.SQRT2]);
      });
    }, 0);
  });
});
