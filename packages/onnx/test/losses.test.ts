import '@tensorflow/tfjs-backend-cpu';
import { hostArray, valueAndGradients } from '@taskloom/core';
import { crf, crfMarginals, crfViterbi } from '@taskloom/core/losses';
import { sampleTensor } from '@taskloom/testing';
import { setBackend, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { losses } from '../../core/test/losses/table';
import { nodesOf, type Value } from '../src/graph/value';
import { trace } from '../src/trace/trace';
import { expectParity } from './parity';

beforeAll(async () => void (await setBackend('cpu')));

const sample = (shape: number[], seed = 2) =>
  hostArray(
    tidy(() => Float32Array.from(sampleTensor(shape, seed, -1, 1).dataSync())),
    shape,
  );

describe('compiled losses', () => {
  it.each(Object.entries(losses))('%s: value and derivative as they are eagerly', async (_, [loss, shape, rows]) => {
    const step = (state: { x: Tensor }, { weight }: { weight: Tensor }) => {
      const { value, gradients } = valueAndGradients((p: { x: Tensor }) => loss(p.x, weight), state);
      return { state: gradients, outputs: { value } };
    };
    const weight = (values: number[]) => ({
      weight: hostArray(Float32Array.from({ length: rows }, (__, i) => values[i % values.length]!)),
    });
    await expectParity(step as never, { x: sample(shape) }, [weight([0.5, 1, 2])]);
    await expectParity(step as never, { x: sample(shape) }, [weight([0])]);
  });

  it('the chain’s marginals and best path', async () => {
    const step = (state: { emissions: Tensor; transitions: Tensor }, { mask }: { mask: Tensor }) => ({
      state,
      outputs: {
        marginals: crfMarginals(state.emissions, { transitions: state.transitions }, { mask }),
        ...crfViterbi(state.emissions, { transitions: state.transitions }, { mask }),
      },
    });
    const mask = hostArray(Float32Array.of(1, 1, 1, 0, 1, 0, 1, 0), [2, 4]);
    await expectParity(step as never, { emissions: sample([2, 4, 3]), transitions: sample([3, 3], 3) }, [{ mask }]);
  });

  it('a chain of 128 tokens is a graph of some thousand nodes', () => {
    const step = (state: { emissions: Tensor; transitions: Tensor }, { tags }: { tags: Tensor }) => {
      const { value, gradients } = valueAndGradients((p: typeof state) => crf(p.emissions, tags, { transitions: p.transitions }), state);
      return { state: gradients, outputs: { value } };
    };
    const { outputs, nextState } = trace(
      step,
      { emissions: sample([4, 128, 5]), transitions: sample([5, 5], 3) },
      { tags: hostArray(new Int32Array(512), [4, 128]) },
    );
    expect(nodesOf([(outputs as { value: Value }).value, ...nextState.values()]).length).toBeLessThan(4500);
  });
});
