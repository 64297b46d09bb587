import { combineColumns, hostRandom, type JacobianMethod, jacobianMemory, random } from '@taskloom/core';
import { expectAllClose, onBackends } from '@taskloom/testing';
import { tensor1d, tensor2d, tidy, zeros } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  balanceJacobian,
  balancingContext,
  dbMtl,
  excessMtl,
  gradDrop,
  type JacobianState,
  mConfig,
  mgda,
  moco,
  modo,
  sdmgrad,
  trimmedMean,
} from '../src';
import { jacobians, type Matrix, norm } from './matrices';

const draw = (name: string, rows: number, columns: number): number[][] => {
  const values = hostRandom(name).normal(rows * columns);
  return Array.from({ length: rows }, (_, i) => Array.from(values.subarray(i * columns, (i + 1) * columns)));
};
// biome-ignore lint/suspicious/noExplicitAny: each method has a state of its own, which is only passed on.
const methods: readonly (readonly [string, (tasks: number) => JacobianMethod<any>])[] = [
  ['grad-drop', () => gradDrop()],
  ['grad-drop, leaking', () => gradDrop({ leak: 0.3 })],
  ['trimmed-mean', (tasks) => trimmedMean({ trim: tasks > 2 ? 1 : 0 })],
  ['moco', () => moco()],
  ['modo', () => modo()],
  ['sdmgrad', () => sdmgrad()],
  ['m-config', () => mConfig()],
  ['db-mtl', () => dbMtl()],
  ['db-mtl without memory', () => dbMtl({ beta: 0 })],
  ['excess-mtl', () => excessMtl({ learningRate: 1 })],
];

/** Several steps of one method on one Jacobian. */
function steps<S>(method: JacobianMethod<S>, jacobian: Matrix, count: number, losses?: number[]) {
  let state: JacobianState<S> | undefined;
  let got: { weights: Float64Array; update: Float64Array } | undefined;
  for (let step = 0; step < count; step++) {
    const next = balanceJacobian(jacobian, method, state, balancingContext({ tasks: jacobian.length, step, losses }));
    state = next.state;
    got = next;
  }
  return { ...got!, state: state! };
}

describe.each(methods)('%s', (_, make) => {
  it('is finite for every Jacobian, over several steps and with tasks absent', () =>
    fc.assert(
      fc.property(jacobians, fc.array(fc.boolean(), { minLength: 18, maxLength: 18 }), (jacobian, here) => {
        const method = make(jacobian.length);
        let state: JacobianState<unknown> | undefined;
        for (let step = 0; step < 3; step++) {
          const present = jacobian.map((_, i) => Number(here[step * 6 + i]));
          const context = balancingContext({ tasks: jacobian.length, step, present, losses: jacobian.map((_, i) => 0.5 + i) });
          const got = balanceJacobian(jacobian, method, state, context);
          state = got.state;
          expect([...got.weights, ...got.update, ...got.state.memory.flatMap((row) => [...row])].every(Number.isFinite)).toBe(true);
          for (const [i, one] of present.entries()) if (one === 0 && method.name !== 'm-config') expect(got.weights[i]).toBe(0);
        }
      }),
      { numRuns: 150, seed: 3 },
    ));

  it('does not look at the row of an absent task', () => {
    const jacobian = draw('rows', 3, 5);
    const context = balancingContext({ tasks: 3, present: [1, 0, 1], losses: [0.3, 0.5, 2] });
    const spoilt = jacobian.map((row, i) => (i === 1 ? row.map(() => Number.NaN) : row));
    const method = make(3);
    expect([...balanceJacobian(spoilt, method, undefined, context).update]).toEqual([
      ...balanceJacobian(jacobian, method, undefined, context).update,
    ]);
  });
});

onBackends(['cpu', 'wasm'], () => {
  it.each(methods)('%s: columns in tensors are those on the host', (_, make) => {
    tidy(() => {
      for (const present of [
        [1, 1, 1, 1],
        [1, 0, 1, 1],
      ]) {
        const method = make(4);
        const batches = Array.from({ length: method.batches ?? 1 }, (_, b) =>
          draw(`batch ${b}`, 4, 6).map((row, i) => row.map((value) => value * present[i]!)),
        );
        const context = balancingContext({ tasks: 4, present, losses: [1, 2, 0.5, 3] });
        const stream = random('columns');
        const uniform = () => Float64Array.from(stream.fold('w').uniform([6]).dataSync());
        let memory = jacobianMemory(method, { w: zeros([6]) }, 4);
        let state: JacobianState<unknown> | undefined;
        for (let step = 0; step < 3; step++) {
          let seen: Float64Array | undefined;
          const spied = {
            ...method,
            weigh: (...given: Parameters<typeof method.weigh>) => {
              const result = method.weigh(...given);
              seen = result.coefficients;
              return result;
            },
          };
          const expected = balanceJacobian(batches, spied, state, { ...context, step, uniform });
          state = expected.state;
          const rows = batches.flat().map((row) => ({ w: tensor1d(row) }));
          const got = combineColumns(method, { rows, memory, coefficients: tensor1d(Float32Array.from(seen!)), random: stream });
          expectAllClose(got.update.w, expected.update, 1e-4);
          const carried = expected.state.memory.flatMap((row) => [...row]);
          if (carried.length > 0) expectAllClose(got.memory.w as never, carried, 1e-4);
          memory = got.memory;
        }
      }
    });
  });

  it('grad-drop at a representation: one sign a feature, in tensors as on the host', () => {
    tidy(() => {
      const method = gradDrop({ level: 'representation', leak: 0.2 });
      const representation = draw('z', 3, 4);
      const jacobian = draw('dz', 2, 12);
      const stream = random('features');
      const uniform = () => Float64Array.from(stream.fold('z').uniform([4]).dataSync());
      const expected = balanceJacobian(jacobian, method, undefined, { ...balancingContext({ tasks: 2 }), uniform }, representation);
      const rows = jacobian.map((row) => ({ z: tensor2d(row, [3, 4]) }));
      const coefficients = tensor1d([0.2, 0.2, 1, 1]);
      const activations = { z: tensor2d(representation) };
      const got = combineColumns(method, { rows, coefficients, random: stream, activations });
      expectAllClose(got.update.z, expected.update, 1e-5);
      expect(() => balanceJacobian(jacobian, method)).toThrowError(expect.objectContaining({ code: 'not_given' }) as never);
    });
  });
});

describe('what the papers claim', () => {
  it('grad-drop: entries are whole or gone, and all of one sign in a column', () =>
    fc.assert(
      fc.property(jacobians, fc.integer({ min: 0, max: 1000 }), (jacobian, step) => {
        const { update } = balanceJacobian(jacobian, gradDrop(), undefined, balancingContext({ tasks: jacobian.length, step }));
        for (const [k, value] of update.entries()) {
          const column = jacobian.map((row) => row[k]!);
          const [positive, negative] = [1, -1].map((sign) => column.filter((entry) => entry * sign > 0).reduce((a, b) => a + b, 0));
          expect([positive, negative]).toContain(value);
        }
      }),
      { numRuns: 200, seed: 3 },
    ));

  it('grad-drop: a leak of 1 is the sum, and signs come as often as they are pure', () => {
    const jacobian = [[3], [-1]];
    expect(balanceJacobian(jacobian, gradDrop({ leak: [1, 1] })).update[0]).toBe(2);
    const positive = Array.from({ length: 2000 }, (_, step) =>
      Number(balanceJacobian(jacobian, gradDrop(), undefined, balancingContext({ tasks: 2, step })).update[0]! > 0),
    );
    // P = (1 + 2/4) / 2
    expect(positive.reduce((a, b) => a + b) / 2000).toBeCloseTo(0.75, 1);
  });

  it('trimmed mean: one wild task moves no entry beyond those of the others', () =>
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e15, max: 1e15 }), { minLength: 4, maxLength: 4 }), (wild) => {
        const honest = draw('honest', 4, 4);
        const { update } = balanceJacobian([...honest, wild], trimmedMean());
        for (const [k, value] of update.entries()) {
          const column = honest.map((row) => row[k]!);
          expect(value).toBeGreaterThanOrEqual(Math.min(...column) - 1e-12);
          expect(value).toBeLessThanOrEqual(Math.max(...column) + 1e-12);
        }
      }),
    ));

  it('trimmed mean: wants more tasks than it leaves out', () => {
    expect(() => balanceJacobian(draw('two', 2, 3), trimmedMean())).toThrowError(expect.objectContaining({ code: 'bad_option' }) as never);
  });

  it('modo and sdmgrad on exact gradients end where MGDA is', () => {
    const jacobian = draw('exact', 3, 8);
    const { weights } = balanceJacobian(jacobian, mgda());
    const end = steps(modo({ stepSize: 0.02, regularization: 0 }), jacobian, 3000);
    expectAllClose(end.weights, weights, 1e-3);
    const other = steps(sdmgrad({ lambda: 0, stepSize: 0.2 }), jacobian, 300);
    expectAllClose(other.update, balanceJacobian(jacobian, mgda()).update, 1e-3);
  });

  it('sdmgrad goes to the mean gradient as λ grows', () => {
    const jacobian = draw('mean', 3, 8);
    const { weights } = steps(sdmgrad({ lambda: 1e6 }), jacobian, 1);
    for (const weight of weights) expect(weight).toBeCloseTo(1 / 3, 4);
  });

  it('moco tracks gᵢLᵢ/‖gᵢ‖', () => {
    const jacobian = draw('tracked', 3, 5);
    const { state } = steps(moco({ betaDecay: 0 }), jacobian, 60, [2, 1, 0.5]);
    for (const [i, row] of jacobian.entries())
      expectAllClose(
        state.memory[i]!,
        row.map((value) => (value * [2, 1, 0.5][i]!) / norm(row)),
        1e-6,
      );
  });

  it('db-mtl: the scale of a loss does not matter, and every part of the update has one norm', () => {
    const jacobian = draw('scales', 3, 6);
    const losses = [1, 2, 3];
    const scaled = jacobian.map((row, i) => row.map((value) => value * [1, 100, 0.01][i]!));
    const own = steps(dbMtl({ epsilon: 0 }), jacobian, 4, losses);
    const other = steps(
      dbMtl({ epsilon: 0 }),
      scaled,
      4,
      losses.map((loss, i) => loss * [1, 100, 0.01][i]!),
    );
    expectAllClose(other.update, own.update, 1e-9);
    const parts = own.state.memory.map((row, i) => norm([...row]) * own.weights[i]!);
    for (const part of parts) expect(part).toBeCloseTo(parts[0]!, 9);
  });

  it('m-config: nothing before every task was seen, then all momenta are descended', () => {
    const jacobian = draw('momenta', 3, 8);
    const method = mConfig();
    let state: ReturnType<typeof steps>['state'] | undefined;
    for (let step = 0; step < 9; step++) {
      const present = [0, 1, 2].map((i) => Number(i === step % 3));
      const got = balanceJacobian(jacobian, method, state as never, balancingContext({ tasks: 3, step, present }));
      state = got.state as never;
      if (step < 2) expect([...got.update].every((value) => value === 0)).toBe(true);
    }
    // Constant gradients: corrected momenta are the gradients, ConFIG's combination of which has equal projections.
    const first = state!.memory[3]!;
    const projections = jacobian.map((row) => row.reduce((sum, value, k) => sum + value * first[k]!, 0) / norm(row));
    expect(Math.min(...projections)).toBeGreaterThan(0);
    for (const projection of projections) expect(projection).toBeCloseTo(projections[0]!, 9);
  });
});
