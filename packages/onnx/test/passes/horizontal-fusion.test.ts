import '@tensorflow/tfjs-backend-cpu';
import { combineRows, gramianOf, hostArray, hostCall, hostRandom, type Params, repairGradients, valueAndGradients } from '@taskloom/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, nodesOf, type Value } from '../../src/graph/value';
import { optimized } from '../../src/passes';
import { horizontallyFused } from '../../src/passes/horizontal-fusion';
import { mapLeaves } from '../../src/trace/leaves';
import { type Trace, trace } from '../../src/trace/trace';
import { operators } from '../operators';
import { expectParity, type Step } from '../parity';

repairGradients();

type Tensors = { readonly [name: string]: tf.Tensor };

const normal = (seed: string, ...shape: number[]) => hostArray(hostRandom(seed).normal(shape.reduce((a, b) => a * b, 1)), shape);
const whole = (seed: string, below: number, ...shape: number[]) =>
  hostArray(
    Int32Array.from(hostRandom(seed).uniform(shape.reduce((a, b) => a * b, 1)), (u) => Math.floor(u * below)),
    shape,
  );
const named = <T>(count: number, make: (name: string) => T) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`task${i}`, make(`task${i}`)]));

const before = (step: Step, state: object, inputs: object) => trace(step, state as never, inputs as never);
const after = (step: Step, state: object, inputs: object) => horizontallyFused(before(step, state, inputs));

/** One function with the same weights for each task's input; each task's outputs are apart. */
const each = (of: (state: Tensors, x: tf.Tensor) => tf.Tensor) =>
  ((state: Params, inputs: Tensors) => ({
    state,
    outputs: Object.fromEntries(Object.entries(inputs).map(([task, x]) => [task, of(state as Tensors, x)])),
  })) as never as Step;

describe('chains with the same weights', () => {
  const tasks = 3;
  const classes = [2, 5, 3];
  const state = {
    table: normal('table', 50, 8),
    kernel: normal('kernel', 8, 16),
    bias: normal('bias', 16),
    last: normal('last', 16, 8),
    ...named(tasks, (task) => normal(task, 8, classes[Number(task.slice(4))]!)),
  };
  const inputs = { ids: named(tasks, (task) => whole(task, 50, 4, 6)), targets: named(tasks, (task) => whole(`${task} of`, 2, 4)) };
  const losses = (p: Tensors, { ids, targets }: { ids: Tensors; targets: Tensors }) =>
    Object.keys(ids).map((task) => {
      const rows = tf.mean(tf.gather(p.table!, ids[task]!), 1) as tf.Tensor2D;
      const inner = tf.tanh(tf.add(tf.matMul(rows, p.kernel as tf.Tensor2D), p.bias!)) as tf.Tensor2D;
      const logits = tf.matMul(tf.sigmoid(tf.matMul(inner, p.last as tf.Tensor2D)) as tf.Tensor2D, p[task] as tf.Tensor2D);
      return tf.mean(tf.losses.softmaxCrossEntropy(tf.oneHot(targets[task] as tf.Tensor1D, logits.shape[1]!), logits)) as tf.Scalar;
    });
  const step = ((params: Params, given: never) => {
    const rows = Array.from(
      { length: tasks },
      (_, i) => valueAndGradients((p: Params) => losses(p as Tensors, given)[i]!, params).gradients,
    );
    const gramian = gramianOf(rows.map(({ table, kernel, bias, last }) => ({ table, kernel, bias, last }) as Params));
    const [weights] = hostCall([gramian], [[tasks]], (g) => [
      Float64Array.from({ length: tasks }, (_, i) => 1 / (1 + g[0]![i * tasks + i]!)),
    ]);
    return { state: params, outputs: { gramian, update: combineRows(rows, weights as tf.Tensor1D) } };
  }) as never as Step;

  test('become one, gradients and Gramian with them, and heads stay apart', async () => {
    const [plain, fused] = [operators(before(step, state, inputs)), operators(after(step, state, inputs))];
    // Of each of the three chains tanh and the sigmoid, whose exponential stands beside those of the three losses.
    expect([plain.Tanh, fused.Tanh]).toEqual([3, 1]);
    expect(plain.Exp! - fused.Exp!).toBe(2);
    // Two products forward and four backward become one each; three heads keep their three.
    expect(plain.MatMul! - fused.MatMul!).toBe(2 * 6);
    await expectParity(step, state, [inputs, inputs]);
  });

  test('rows of their Jacobian come out joined', () => {
    const joined = (traced: Trace) => {
      const roots: Value[] = [];
      mapLeaves(traced.outputs, (value) => roots.push(value));
      return nodesOf(roots).filter(({ op, inputs: rows }) => op === 'Concat' && rows.length === tasks && rows[0]!.shape[1] === 16 * 8);
    };
    expect(joined(before(step, state, inputs))).toHaveLength(2);
    expect(joined(after(step, state, inputs))).toHaveLength(0);
  });

  test('what comes in other shapes goes its own way, the others are joined', async () => {
    const uneven = { ...inputs, ids: { ...inputs.ids, task1: whole('fewer', 50, 4, 5) } };
    expect(operators(after(step, state, uneven)).Tanh).toBe(2);
    await expectParity(step, state, [uneven]);
  });
});

test('a loop over tasks that adapt the weights, each on its part of stacked inputs, is one batch: nothing is cut, joined or added task by task', async () => {
  const [tasks, state] = [5, { a: normal('a', 3, 8), bias: normal('bias', 8), b: normal('b', 8, 1) }];
  const inputs = { x: normal('x', tasks, 6, 3), y: normal('y', tasks, 6, 1) };
  const step = ((params: Params, { x, y }: Tensors) => {
    const loss = (p: Params, task: number) => {
      const { a, bias, b } = p as never as { a: tf.Tensor2D; bias: tf.Tensor; b: tf.Tensor2D };
      const of = (whole: tf.Tensor) => tf.squeeze(tf.slice(whole, [task, 0, 0], [1, -1, -1]), [0]) as tf.Tensor2D;
      return tf.mean(tf.square(tf.sub(tf.matMul(tf.tanh(tf.add(tf.matMul(of(x!), a), bias)) as tf.Tensor2D, b), of(y!)))) as tf.Scalar;
    };
    const meta = valueAndGradients((p: Params) => {
      const losses = Array.from({ length: tasks }, (_, task) => {
        const { gradients } = valueAndGradients((q: Params) => loss(q, task), p);
        const adapted = Object.fromEntries(
          Object.entries(p).map(([name, leaf]) => [name, tf.sub(leaf as tf.Tensor, tf.mul(0.1, (gradients as Tensors)[name]!))]),
        );
        return loss(adapted, task);
      });
      return tf.mean(tf.stack(losses)) as tf.Scalar;
    }, params);
    return { state: meta.gradients, outputs: { value: meta.value } };
  }) as never as Step;
  const [plain, fused] = [operators(before(step, state, inputs)), operators(after(step, state, inputs))];
  expect([plain.Tanh, fused.Tanh]).toEqual([2 * tasks, 2]);
  expect(fused).not.toHaveProperty('Slice');
  expect(fused).not.toHaveProperty('Concat');
  const all = (counts: Record<string, number>) => Object.values(counts).reduce((sum, count) => sum + count, 0);
  expect(all(fused)).toBeLessThan(all(plain) / (tasks - 1));
  await expectParity(step, state, [inputs, inputs], { tolerance: 1e-4 });
});

test('a Gramian of large gradients is made in blocks, as where chains are apart', async () => {
  const [tasks, state] = [3, { a: normal('a', 640, 1536), b: normal('b', 1536, 4) }];
  const inputs = named(tasks, (task) => normal(task, 2, 640));
  const step = ((params: Params, xs: Tensors) => {
    const loss = (p: Params, x: tf.Tensor) => {
      const { a, b } = p as never as { a: tf.Tensor2D; b: tf.Tensor2D };
      return tf.mean(tf.square(tf.matMul(tf.tanh(tf.div(tf.matMul(x as tf.Tensor2D, a), 64)) as tf.Tensor2D, b))) as tf.Scalar;
    };
    return {
      state: params,
      outputs: { gramian: gramianOf(Object.values(xs).map((x) => valueAndGradients((p) => loss(p, x), params).gradients)) },
    };
  }) as never as Step;
  const fused = optimized(after(step, state, inputs));
  expect(operators(fused).Tanh).toBe(1);
  const values: Value[] = [];
  mapLeaves(fused.outputs, (value) => values.push(value));
  expect(Math.max(...nodesOf(values).flatMap(({ outputs }) => outputs.map(bytesOf)))).toBeLessThanOrEqual(2 ** 23);
  await expectParity(step, state, [inputs], { tolerance: 1e-4 });
});

/** Seventeen operators, so that a chain is worth joining whatever comes after them. */
const begun = (x: tf.Tensor, w: tf.Tensor) => {
  let value = tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D) as tf.Tensor;
  for (let i = 0; i < 8; i++) value = tf.sin(tf.add(value, w));
  return value;
};

describe('every operator that chains share', () => {
  const state = { w: normal('w', 6, 6), ids: whole('ids', 6, 4), filter: normal('filter', 2, 2, 3, 3) };
  const inputs = named(3, (task) => normal(task, 6, 6));
  const image = (x: tf.Tensor) => tf.reshape(x, [1, 3, 4, 3]) as tf.Tensor4D;
  const functions: { readonly [name: string]: (x: tf.Tensor, state: Tensors) => tf.Tensor } = {
    'elementwise, with what is shared of fewer, as many and more axes': (x, { w }) =>
      tf.add(tf.mul(tf.reshape(x, [3, 2, 6]), tf.slice(w!, 0, 1)), tf.expandDims(tf.reshape(w!, [3, 2, 6]), 0)),
    'of fewer axes than what is shared': (x, { w }) => tf.mul(tf.sum(x, 0), tf.reshape(w!, [3, 2, 6])),
    'comparisons, choices, casts': (x, { w }) => tf.where(tf.greater(x, w!), x, tf.cast(tf.less(x, tf.transpose(x)), 'float32')),
    'products with each other, with batches of what is shared, from the left': (x, { w }) =>
      tf.matMul(
        tf.matMul(tf.reshape(w!, [2, 3, 6]), tf.tile(tf.expandDims(x), [2, 1, 1])),
        tf.reshape(tf.matMul(x as tf.Tensor2D, x as tf.Tensor2D), [2, 6, 3]),
      ),
    'transposed factors': (x, { w }) => tf.matMul(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D, true, true), x as tf.Tensor2D, false, true),
    'axes moved, the first one kept and moved': (x) => tf.transpose(tf.transpose(tf.reshape(x, [2, 3, 6]), [0, 2, 1]), [2, 0, 1]),
    'joined with what is shared, cut, padded': (x, { w }) =>
      tf.pad(
        tf.slice(tf.concat([x, w!], 1), [1, 4], [3, 6]),
        [
          [1, 0],
          [2, 1],
        ],
        3,
      ) as tf.Tensor,
    'steps, the other way round': (x) => tf.reverse(tf.stridedSlice(x, [0, 1], [6, 6], [2, 3]), 1),
    'rows looked up, by what is shared and by what is not': (x, { w, ids }) => {
      const own = tf.cast(tf.clipByValue(tf.abs(tf.slice(x, 0, 4)), 0, 5), 'int32');
      return tf.add(tf.gather(x, ids!), tf.sum(tf.gather(w!, own), 1));
    },
    'columns looked up': (x, { ids }) => tf.gather(x, ids!, 1),
    'sums, means, greatest ones': (x) =>
      tf.add(tf.add(tf.sum(x, 0, true), tf.mean(x, 1, true)), tf.max(tf.reshape(x, [6, 1, 2, 3]), [2, 3])),
    softmax: (x) => tf.mul(tf.softmax(x), tf.logSoftmax(tf.transpose(x))),
    repeated: (x) => tf.broadcastTo(tf.reshape(x, [6, 1, 6]), [6, 2, 6]),
    'images: convolution and pools': (x, { filter }) => {
      const filtered = tf.conv2d(image(x), filter as tf.Tensor4D, 1, 'same');
      return tf.add(tf.maxPool(filtered, 2, 1, 'valid'), tf.avgPool(filtered, 2, 1, 'valid'));
    },
    'clipped, rounded, of whole numbers': (x) =>
      tf.mod(tf.cast(tf.round(tf.clipByValue(tf.mul(x, 9), -5, 7)), 'int32'), tf.scalar(3, 'int32')),
    'an operator that is not joined, between others': (x) => tf.cos(tf.cumsum(tf.neg(x), 1, true)),
  };
  test.each(Object.entries(functions))('%s', async (_, of) => {
    const step = each((s, x) => {
      const y = of(begun(x, s.w!), s);
      return y.dtype === 'float32' ? tf.sin(y) : y;
    });
    expect(operators(after(step, state, inputs)).Sin).toBeLessThan(operators(before(step, state, inputs)).Sin!);
    await expectParity(step, state, [inputs]);
  });

  test('derivatives with respect to weights and inputs, first and second', async () => {
    const step = ((s: Params, xs: Tensors) => {
      const loss = (w: tf.Tensor, x: tf.Tensor) =>
        tf.mean(tf.tanh(tf.matMul(tf.sin(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D)) as tf.Tensor2D, w as tf.Tensor2D)));
      const { w } = s as never as { w: tf.Tensor };
      const first = tf.grads(loss as never);
      const second = tf.grad((v: tf.Tensor) => tf.sum(tf.square(tf.grad((u: tf.Tensor) => loss(u, Object.values(xs)[0]!))(v))));
      return {
        state: s,
        outputs: { second: second(w), ...Object.fromEntries(Object.entries(xs).map(([task, x]) => [task, tf.concat(first([w, x]))])) },
      };
    }) as never as Step;
    expect(operators(after(step, state, inputs)).Tanh).toBeLessThan(operators(before(step, state, inputs)).Tanh!);
    await expectParity(step, { w: state.w }, [inputs]);
  });
});

test('sums that go on from a chain and are read on the way are made once each', async () => {
  const [state, depth] = [{ w: normal('w', 6, 6) }, 12];
  const inputs = named(3, (task) => normal(task, 6, 6));
  const step = ((s: Params, xs: Tensors) => ({
    state: s,
    outputs: Object.fromEntries(
      Object.entries(xs).map(([task, x], i) => {
        let value = begun(x, (s as Tensors).w!);
        // Other powers in each chain, so that these parts stay apart.
        for (let k = 1; k <= depth; k++) value = tf.add(value, tf.pow(value, tf.scalar(2 + i)));
        return [task, value];
      }),
    ),
  })) as never as Step;
  const small = (given: Record<string, { data: ArrayLike<number>; shape: readonly number[] }>) =>
    Object.fromEntries(
      Object.entries(given).map(([name, { data, shape }]) => [
        name,
        hostArray(
          Float32Array.from(data, (v) => v / 50),
          shape,
        ),
      ]),
    );
  const [plain, fused] = [operators(before(step, small(state), small(inputs))), operators(after(step, small(state), small(inputs)))];
  expect([plain.Sin, fused.Sin]).toEqual([24, 8]);
  expect(fused.Add).toBe(plain.Add! - 2 * 8);
});

describe('chains that are not joined', () => {
  const state = { w: normal('w', 6, 6) };

  test('where a weight is applied again to what it has made, there is no circle', async () => {
    const step = ((s: Params, { x }: Tensors) => {
      let value = x!;
      const seen: tf.Tensor[] = [];
      for (let i = 0; i < 6; i++) {
        value = tf.sin(tf.matMul(value as tf.Tensor2D, (s as Tensors).w as tf.Tensor2D));
        seen.push(value);
      }
      return { state: s, outputs: Object.fromEntries(seen.entries()) };
    }) as never as Step;
    const inputs = { x: normal('x', 6, 6) };
    expect(operators(after(step, state, inputs))).toEqual(operators(before(step, state, inputs)));
    await expectParity(step, state, [inputs]);
  });

  test('where it would save less than stacking and taking apart costs', () => {
    const step = each((s, x) => tf.matMul(x as tf.Tensor2D, s.w as tf.Tensor2D));
    const inputs = named(3, (task) => normal(task, 6, 6));
    expect(operators(after(step, state, inputs))).toEqual(operators(before(step, state, inputs)));
  });

  test.each([
    [1365, 8],
    [1366, 3 * 8],
  ])('where each has enough to do by itself: %i rows of 512', (rows, sines) => {
    const step = each((s, ids) => {
      let value = tf.gather(s.table!, ids);
      for (let i = 0; i < 8; i++) value = tf.sin(tf.add(value, 1));
      return tf.mean(value);
    });
    const inputs = named(3, (task) => whole(task, 9, rows));
    expect(operators(after(step, { table: normal('table', 9, 512) }, inputs)).Sin).toBe(sines);
  });
});

test('any program of chains that meet, part and read each other computes what it did', async () => {
  const instruction = fc.record({
    op: fc.constantFrom('sin', 'product', 'add', 'other', 'swap', 'sum', 'pick'),
    chain: fc.nat(2),
    all: fc.boolean(),
    from: fc.nat(20),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(instruction, { minLength: 3, maxLength: 14 }), async (program) => {
      const step = ((s: Params, xs: Tensors) => {
        const { w } = s as never as { w: tf.Tensor2D };
        const chains = Object.values(xs).map((x) => [begun(x, w)]);
        for (const { op, chain, all, from } of program)
          for (const [i, values] of chains.entries()) {
            if (!all && i !== chain) continue;
            const x = values[values.length - 1]!;
            const earlier = values[from % values.length]!;
            const others = chains[(i + 1) % chains.length]!;
            const made = {
              sin: () => tf.sin(x),
              product: () => tf.matMul(tf.tanh(x) as tf.Tensor2D, w),
              add: () => tf.add(x, earlier),
              other: () => tf.mul(x, tf.tanh(others[from % others.length]!)),
              swap: () => tf.transpose(x),
              sum: () => tf.sub(x, tf.mean(x, 1, true)),
              pick: () => tf.concat([tf.slice(x, [3, 0], [3, 6]), tf.slice(earlier, [0, 0], [3, 6])]),
            }[op]();
            values.push(made);
          }
        const loss = (v: tf.Tensor) => tf.mean(tf.sin(tf.matMul(tf.tanh(tf.matMul(tf.transpose(v) as tf.Tensor2D, w)) as tf.Tensor2D, w)));
        return {
          state: s,
          outputs: Object.fromEntries(
            chains.flatMap((values, i) => [
              [`last${i}`, values[values.length - 1]!] as const,
              [`gradient${i}`, tf.grad(loss)(values[0]!)] as const,
            ]),
          ),
        };
      }) as never as Step;
      const inputs = named(3, (task) => normal(task, 6, 6));
      await expectParity(step, { w: normal('w', 6, 6) }, [inputs], { tolerance: 1e-4 });
    }),
    { numRuns: 40 },
  );
});
