import '@tensorflow/tfjs-backend-cpu';
import { type Executor, eager, hostArray, hostRandom, random, run } from '@taskloom/core';
import { dense } from '@taskloom/core/modules';
import { setBackend, type Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { ort } from '../../onnx/src/index';
import { expectSame } from '../../onnx/test/parity';
import { mixtureOfExperts, topKRouter } from '../src';

beforeAll(async () => void (await setBackend('cpu')));

const experts = { first: dense({ inputs: 4, units: 3 }), second: dense({ inputs: 4, units: 3 }), third: dense({ inputs: 4, units: 3 }) };
const router = topKRouter({ inputs: 4, experts: 3, k: 2 });
const x = hostArray(hostRandom('x').normal(20), [5, 4]);

async function outputOf(executor: Executor, dispatch: 'dense' | 'sparse') {
  const module = mixtureOfExperts({ router, experts, dispatch });
  const step = await executor.compile((state: never, fed: { x: Tensor }) => ({ state, outputs: { y: run(module, state, fed.x).output } }), {
    state: module.init(random(1)) as never,
  });
  try {
    return await step({ x });
  } finally {
    step.dispose();
  }
}

// Dense dispatch, with its gradients: laws.test.ts.
it('sparse dispatch reads which experts were chosen: eager only, and says so', async () => {
  expectSame(await outputOf(eager(), 'sparse'), await outputOf(ort({ threads: 1 }), 'dense'), 1e-5);
  await expect(outputOf(ort({ threads: 1 }), 'sparse')).rejects.toMatchObject({
    code: 'not_traceable',
    message: expect.stringMatching(/cannot read.*compiled\.test\.ts/s),
  });
});
