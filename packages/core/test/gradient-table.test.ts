import { expectGradients, onBackends, sampleTensor } from '@taskloom/testing';
import { add, exp, mul, sum, tanh } from '@tensorflow/tfjs-core';
import { test } from 'vitest';
import { gelu, logSoftmax, logSumExp, repairGradients, softmax, take } from '../src/index';

onBackends(['cpu', 'wasm'], () => {
  test('smoke', () => {
    repairGradients();
    const x = sampleTensor([3, 4]);
    expectGradients((x) => tanh(x!), [x]);
    expectGradients((x) => exp(x!), [x]);
    expectGradients((x) => softmax(x!), [x]);
    expectGradients((x) => logSoftmax(x!), [x]);
    expectGradients((x) => softmax(x!, 0), [x]);
    expectGradients((x) => logSoftmax(x!, 0), [x]);
    expectGradients((x) => logSumExp(x!, 0), [x]);
    expectGradients((x) => gelu(x!), [x]);
    expectGradients((x) => gelu(x!, { approximate: true }), [x]);
  });
});
