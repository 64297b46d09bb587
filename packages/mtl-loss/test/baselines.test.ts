import { disposeParams, flatten, type GradientBalancer, type Params } from '@taskloom/core';
import { expectAllClose, onBackends } from '@taskloom/testing';
import { mul, reshape, type Tensor1D, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  balanceJacobian,
  balancingContext,
  dynamicWeightAverage,
  fixed,
  gls,
  log,
  mean,
  multiTaskGradients,
  sum,
  uncertainty,
} from '../src';
import { features, headLosses, losses, type Model, model } from './three-tasks';

/** The plain sum of the rows of the present tasks. */
const sumOfRows: GradientBalancer<null> = {
  ...mean(),
  weigh: (_, state, { present }) => ({ weights: present.slice(), state }),
};

const flat = (params: Params): number[] => [...flatten(params).values()].flatMap((leaf) => Array.from(leaf.dataSync<'float32'>()));

onBackends(['cpu', 'wasm'], () => {
  it('`sum` and `fixed` are the plain and the weighted sum of the rows, wherever these are taken, and whether or not they are kept', () => {
    tidy(() => {
      const params = model();
      const present = tensor1d([1, 0, 1]);
      const plain = multiTaskGradients({ losses, params, method: sumOfRows, present });
      const at = { at: 'features', features, losses: headLosses, params, present } as const;
      for (const store of ['rows', 'nothing'] as const) {
        const summed = multiTaskGradients({ losses, params, method: sum(), present, store });
        expectAllClose(flat(summed.gradients), flat(plain.gradients), 1e-5);
        expectAllClose(summed.weights, [1, 0, 1]);
        expectAllClose(summed.gramian, plain.gramian, 1e-5);
        const weighted = multiTaskGradients({ losses, params, method: fixed([2, 3, -0.5]), present, store });
        const scaled = (p: Model) => mul(losses(p), tensor1d([2, 3, -0.5])) as Tensor1D;
        expectAllClose(
          flat(weighted.gradients),
          flat(multiTaskGradients({ losses: scaled, params, method: sumOfRows, present }).gradients),
          1e-5,
        );
      }
      expectAllClose(flat(multiTaskGradients({ ...at, method: sum() }).gradients), flat(plain.gradients), 1e-5);
      const ofTrunk = multiTaskGradients({ losses, params, method: fixed([2, 3, -0.5]), present, shared: 'shared/**' });
      expectAllClose(flat(multiTaskGradients({ ...at, method: fixed([2, 3, -0.5]) }).gradients), flat(ofTrunk.gradients), 1e-5);
    });
  });

  it('`log` is the gradient of the sum of logarithms, and an absent task has no part in it', () => {
    tidy(() => {
      const params = model();
      const present = tensor1d([1, 0, 1]);
      const got = multiTaskGradients({ losses, params, method: log(), present });
      const total = (p: Model) => reshape(log().total(losses(p), {}, present), [1]) as Tensor1D;
      expectAllClose(flat(got.gradients), flat(multiTaskGradients({ losses: total, params, method: sumOfRows }).gradients), 1e-4);
      expect(got.weights.dataSync()[1]).toBe(0);
    });
  });
});

describe('methods that read losses only', () => {
  it('accepts totals that need parameters or give no derivatives neither here nor on a Jacobian', () => {
    const params = model();
    const rows = [[1, 2]];
    // @ts-expect-error Its parameters are trained, and nobody would.
    const learned = () => multiTaskGradients({ losses, params, method: uncertainty() });
    // @ts-expect-error Its derivatives are in tensors only.
    const geometric = () => multiTaskGradients({ losses, params, method: gls() });
    // @ts-expect-error Losses know of no blocks.
    const blocks = () => multiTaskGradients({ losses, params, method: fixed([1, 2, 3]), blocks: 'leaf' });
    // @ts-expect-error The same on the host.
    const onHost = () => balanceJacobian(rows, uncertainty());
    expect([learned, geometric, blocks, onHost]).toHaveLength(4);
    disposeParams(params);
  });

  it('a loss weighting goes on from its state', () => {
    tidy(() => {
      const method = dynamicWeightAverage({ window: 1 });
      const params = model();
      const first = multiTaskGradients({ losses, params, method });
      const second = multiTaskGradients({
        losses: (p) => mul(losses(p), tensor1d([1, 0.5, 2])) as Tensor1D,
        params,
        method,
        state: first.state,
      });
      const [a, b, c] = second.weights.dataSync() as unknown as [number, number, number];
      expect([...first.weights.dataSync()]).toEqual([1, 1, 1]);
      expect(b).toBeLessThan(a);
      expect(c).toBeGreaterThan(a);
    });
  });

  it('a Jacobian at hand: `sum` adds its rows, `fixed` weighs them, `log` divides them by their losses', () => {
    const rows = [
      [1, -2, 3],
      [0.5, 4, -1],
    ];
    const context = balancingContext({ tasks: 2, losses: [2, 0.25] });
    const updateBy = (method: Parameters<typeof balanceJacobian<unknown>>[1]) => [
      ...balanceJacobian(rows, method, undefined, context).update,
    ];
    expect(updateBy(sum())).toEqual([1.5, 2, 2]);
    expect(updateBy(fixed([2, -1]))).toEqual([1.5, -8, 7]);
    for (const [k, value] of updateBy(log({ epsilon: 0 })).entries()) expect(value).toBe(rows[0]![k]! / 2 + rows[1]![k]! * 4);
    expect([...balanceJacobian(rows, sum(), {}, balancingContext({ tasks: 2, present: [0, 1] })).update]).toEqual(rows[1]);
  });
});
