import * as tf from '@tensorflow/tfjs-core';
import { test } from 'vitest';
import { expectDerivatives, expectValues, normal } from './derivatives';

type T1 = tf.Tensor1D;
type T4 = tf.Tensor4D;

const given = {
  x: normal('x', [2, 3, 3, 4]),
  mean: normal('m', [4]),
  deviation: normal('d', [4]),
  scale: normal('s', [4]),
  offset: normal('o', [4]),
};

test('batchNorm', async () => {
  await expectDerivatives(
    ({ x, mean, deviation, scale, offset }) =>
      tf.batchNorm(x as T4, mean as T1, tf.square(deviation!) as T1, offset as T1, scale as T1, 0.1),
    given,
  );
});

test('batchNorm without scale, without offset, and element by element', async () => {
  await expectValues(
    ({ x, mean, deviation, scale, offset }) => {
      const variance = tf.square(deviation!) as T1;
      return [
        tf.batchNorm(x as T4, mean as T1, variance),
        tf.batchNorm(x as T4, mean as T1, variance, undefined, scale as T1),
        tf.batchNorm(x as T4, mean as T1, variance, offset as T1, undefined, 1e-5),
        tf.batchNorm(x as T4, tf.neg(x!) as T4, tf.square(x!) as T4),
      ];
    },
    given,
    1e-5,
  );
});
