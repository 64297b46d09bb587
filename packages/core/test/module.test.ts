import '@tensorflow/tfjs-backend-cpu';
import { expectAllClose } from '@taskloom/testing';
import { add, mul, type Scalar, scalar, sum, type Tensor, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { type Context, type Module, type Params, random, run, TaskloomError } from '../src/index';

const module = <O>(apply: (params: Params, input: Tensor, context: Context) => O): Module<Tensor, O> => ({
  config: {},
  init: () => ({}),
  apply,
});
const codeOf = (f: () => unknown): string | undefined => {
  try {
    f();
  } catch (error) {
    return TaskloomError.isInstance(error) ? error.code : String(error);
  }
};

describe('run', () => {
  test('passes parameters, input, mode and tasks through', () => {
    tidy(() => {
      const ids = tensor1d([0], 'int32');
      const scale = module((params, input, context) => {
        expect(context.training).toBe(true);
        expect(context.child('a').tasks).toEqual({ ids });
        return mul(params.w as Tensor, input);
      });
      expectAllClose(run(scale, { w: scalar(3) }, scalar(2), { training: true, tasks: { ids } }).output, [6]);
      expect(
        run(
          module((_, __, context) => context.training),
          {},
          scalar(1),
        ).output,
      ).toBe(false);
    });
  });

  test('losses of one name are added, records of one path replaced, both by path', () => {
    tidy(() => {
      const noisy = module((_, input, context) => {
        context.loss('balance', scalar(1));
        const block = context.child('block').child('gate');
        block.loss('balance', scalar(2));
        block.loss('balance', scalar(3));
        block.record('usage', scalar(4));
        block.record('usage', input);
      });
      const { losses, records } = run(noisy, {}, scalar(9));
      expect(Object.keys(losses).sort()).toEqual(['balance', 'block/gate/balance']);
      expectAllClose(losses['block/gate/balance']!, [5]);
      expectAllClose(records['block/gate/usage']!, [9]);
    });
  });

  test('buffers: read, updated for what follows, given back with the rest untouched', () => {
    tidy(() => {
      const buffers: Params = { norm: { mean: scalar(1), variance: scalar(4) }, step: scalar(0) };
      const moving = module((_, input, context) => {
        const norm = context.child('norm');
        norm.update('mean', add(norm.buffer('mean'), input));
        return norm.buffer('mean');
      });
      const result = run(moving, {}, scalar(5), { buffers });
      expectAllClose(result.output, [6]);
      const after = result.buffers as typeof buffers & { norm: { mean: Tensor; variance: Tensor } };
      expectAllClose(after.norm.mean, [6]);
      expect(after.norm.variance).toBe((buffers.norm as Params).variance);
      expect(after.step).toBe(buffers.step);
      expectAllClose((buffers.norm as { mean: Tensor }).mean, [1]);
      expect(
        run(
          module(() => 0),
          {},
          scalar(1),
          { buffers },
        ).buffers,
      ).toBe(buffers);
      expect(codeOf(() => run(moving, {}, scalar(5)))).toBe('buffer_missing');
      expect(
        codeOf(() =>
          run(
            module((_, __, context) => context.buffer('norm')),
            {},
            scalar(5),
            { buffers },
          ),
        ),
      ).toBe('buffer_missing');
      expect(
        codeOf(() =>
          run(
            module((_, __, context) => context.buffer('toString')),
            {},
            scalar(5),
            { buffers },
          ),
        ),
      ).toBe('buffer_missing');
    });
  });

  test('random: a stream per path and call, the same on every run', () => {
    tidy(() => {
      const drawing = module((_, __, context) => [
        context.random(),
        context.random(),
        context.child('a').random(),
        context.child('b').random(),
      ]);
      const draw = () =>
        run(drawing, {}, scalar(0), { random: random(1) }).output.map((stream) => [...stream.uniform([3]).dataSync()].join());
      const first = draw();
      expect(new Set(first).size).toBe(4);
      expect(draw()).toEqual(first);
      expect(codeOf(() => run(drawing, {}, scalar(0)))).toBe('random_missing');
    });
  });
});

test('an auxiliary loss is a scalar that can be added to the loss', () => {
  tidy(() => {
    const { output, losses } = run(
      module((_, input, context) => {
        context.loss('l1', sum(input) as Scalar);
        return input;
      }),
      {},
      tensor1d([1, 2]),
    );
    expectAllClose(add(sum(output), losses.l1!), [6]);
  });
});
