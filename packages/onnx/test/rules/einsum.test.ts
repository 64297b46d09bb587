import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ort } from '../../src/index';
import { expectDerivatives, insteadOnCpu, normal } from './derivatives';

const sizeOf: { readonly [label: string]: number } = { a: 2, b: 3, c: 4, d: 1 };

/** Labels of two tensors and of the result, each in an order of its own; those in both may stay or be summed. */
const equations = fc
  .record({ both: fc.subarray(['a', 'b', 'c']), left: fc.boolean(), kept: fc.subarray(['a', 'b', 'c', 'd']) })
  .map(({ both, left, kept }) => {
    const x = left ? [...both, 'd'] : both;
    const y = left ? both : [...both, 'd'];
    return { x, y, result: kept.filter((label) => [...x, ...y].includes(label)) };
  })
  .chain(({ x, y, result }) => {
    const shuffled = (labels: string[]) => fc.shuffledSubarray(labels, { minLength: labels.length, maxLength: labels.length });
    return fc.tuple(shuffled(x), shuffled(y), shuffled(result));
  })
  .filter(([x, y]) => x.length > 0 && y.length > 0);

const tensor = (name: string, labels: readonly string[]) =>
  normal(
    name,
    labels.map((label) => sizeOf[label]!),
  );

/** The definition: everything multiplied, then summed over what the result does not name. The cpu backend's own drops some operands of 'a,ab->a'. */
function written(labels: readonly (readonly string[])[], result: readonly string[], tensors: readonly tf.Tensor[]): tf.Tensor {
  const all = [...result, ...['a', 'b', 'c', 'd'].filter((label) => !result.includes(label) && labels.flat().includes(label))];
  const spread = tensors.map((x, i) => {
    const own = labels[i]!;
    const order = all.filter((label) => own.includes(label));
    const moved = tf.transpose(
      x,
      order.map((label) => own.indexOf(label)),
    );
    return tf.reshape(
      moved,
      all.map((label) => (own.includes(label) ? sizeOf[label]! : 1)),
    );
  });
  const product = spread.reduce((a, b) => tf.mul(a, b));
  return tf.sum(
    product,
    all.slice(result.length).map((_, i) => result.length + i),
  );
}

test('products of two tensors', async () => {
  await fc.assert(
    fc.asyncProperty(equations, async ([x, y, result]) => {
      const equation = `${x.join('')},${y.join('')}->${result.join('')}`;
      await expectDerivatives(
        ({ p, q }) =>
          insteadOnCpu(
            () => written([x, y], result, [p!, q!]),
            () => tf.einsum(equation, p!, q!),
          ),
        { p: tensor('p', x), q: tensor('q', y) },
      );
    }),
    { numRuns: 40, seed: 1 },
  );
});

test.each(['abc->ca', 'abc->bac', 'abc->', 'a->a'])('%s', async (equation) => {
  const [x, result] = equation.split('->').map((labels) => [...labels]) as [string[], string[]];
  await expectDerivatives(
    ({ p }) =>
      insteadOnCpu(
        () => written([x], result, [p!]),
        () => tf.einsum(equation, p!),
      ),
    { p: tensor('p', x) },
  );
});

test('a repeated label is refused by name', async () => {
  const step = (state: { x: tf.Tensor }) => ({ state, outputs: { y: tf.einsum('aa->a', state.x) } });
  const compiled = await ort().compile(step as never, { state: { x: tf.ones([2, 2]) } as never });
  await expect(compiled({} as never)).rejects.toMatchObject({ code: 'not_traceable', message: expect.stringContaining('einsum') });
  compiled.dispose();
});
