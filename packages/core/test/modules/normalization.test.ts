import '@tensorflow/tfjs-backend-cpu';
import { expectAllClose } from '@taskloom/testing';
import { setBackend } from '@tensorflow/tfjs-core';
import { beforeAll, it } from 'vitest';
import { run } from '../../src/module';
import { layerNorm, rmsNorm } from '../../src/modules';
import { random } from '../../src/random';
import { matrix, normalized, vector } from './reference';

beforeAll(() => setBackend('cpu'));

it('layerNorm centres and scales the last axis', () => {
  const params = { scale: random('s').normal([5]), offset: random('o').normal([5]) };
  const x = random('x').normal([3, 5]);
  const expected = matrix(x).flatMap((row) => normalized(row, vector(params.scale), vector(params.offset), 1e-5));
  expectAllClose(run(layerNorm({ width: 5 }), params, x).output, expected);
});

it('rmsNorm scales the last axis', () => {
  const params = { scale: random('s').normal([5]) };
  const x = random('x').normal([3, 5]);
  const expected = matrix(x).flatMap((row) => {
    const root = Math.sqrt(row.reduce((total, v) => total + v * v, 0) / row.length + 1e-6);
    return row.map((v, i) => (v / root) * vector(params.scale)[i]!);
  });
  expectAllClose(run(rmsNorm({ width: 5 }), params, x).output, expected);
});
