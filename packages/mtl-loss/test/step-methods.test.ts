import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { flatten, type JacobianMethod, type JacobianState, type JacobianStep, jacobianMethod, type Params } from '@taskloom/core';
import { expectAllClose } from '@taskloom/testing';
import { setBackend, tidy } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { transpileModule } from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { balanceJacobian, balancingContext, cagrad, modo, multiTaskGradients, trimmedMean, upgrad } from '../src';
import { dot, jacobians } from './matrices';
import { medianOfThree, trackedByRows, trackedByWeights } from './step-methods';
import { features, headLosses, losses, model } from './three-tasks';

beforeAll(async () => void (await setBackend('cpu')));

const step = (own: Partial<JacobianStep<null>>) =>
  jacobianMethod<null>({
    name: 'own',
    needs: [],
    init: () => null,
    step: ({ combine }, state) => ({ update: combine([1, 1]), state }),
    ...own,
  });

describe('jacobianMethod', () => {
  it.each([
    ['upgrad', upgrad()],
    ['cagrad', cagrad()],
  ])('%s asked for its inner products and combined, or of rows on the host, is itself', (_, balancer) => {
    const by = (rows?: true) =>
      jacobianMethod({
        name: balancer.name,
        needs: ['gramian'],
        rows,
        init: (tasks) => balancer.init(tasks) as null,
        step({ gramian, combine }, before, context) {
          const { weights, state } = balancer.weigh(gramian(0), before as never, context);
          return { update: combine(weights), state: state as null };
        },
      });
    fc.assert(
      fc.property(jacobians, (jacobian) => {
        const expected = balanceJacobian(jacobian, balancer as never);
        for (const rows of [undefined, true] as const) {
          const got = balanceJacobian(jacobian, by(rows));
          expect([...got.weights]).toEqual([...expected.weights]);
          expect([...got.update]).toEqual([...expected.update]);
        }
      }),
      { numRuns: 100, seed: 4 },
    );
  });

  it('carries rows from step to step, by combinations as by numbers', () => {
    const states: (JacobianState<{ steps: number }> | undefined)[] = [undefined, undefined];
    let before = [0, 0].map(() => [0, 0, 0]);
    for (let at = 0; at < 4; at++) {
      const present = [1, at === 2 ? 0 : 1];
      const jacobian = [
        [1 + at, -2, 0.5],
        [0.25, at, -at],
      ];
      before = before.map((row, i) => row.map((value, k) => (value + present[i]! * jacobian[i]![k]!) / 2));
      for (const [which, method] of [trackedByWeights, trackedByRows].entries()) {
        const got = balanceJacobian(jacobian, method, states[which], balancingContext({ tasks: 2, step: at, present }));
        states[which] = got.state;
        expect(got.state.own.steps).toBe(at + 1);
        expect(got.state.memory.map((row) => [...row])).toEqual(before);
        expect([...got.update]).toEqual(before[0]!.map((value, k) => value + before[1]![k]!));
      }
    }
  });

  it('compares batches: the inner products are those of their rows', () => {
    const [first, second] = [
      [
        [1, 2, 3],
        [0, -1, 4],
      ],
      [
        [5, 0, -2],
        [1, 1, 1],
      ],
    ] as const;
    const products = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]) =>
      a.flatMap((row) => b.map((other) => dot(row, other)));
    for (const rows of [undefined, true] as const) {
      const compared = step({
        batches: 2,
        needs: ['gramian', 'batches'],
        rows,
        step({ gramian, combine }, state) {
          expect([...gramian(0)]).toEqual(products(first, first));
          expect([...gramian(0, 1)]).toEqual(products(first, second));
          expect([...gramian(1, 0)]).toEqual(products(second, first));
          expect([...gramian(1, 1)]).toEqual(products(second, second));
          expect(combine([3, 4], 1).coefficients).toEqual(Float64Array.of(0, 0, 3, 4));
          return { update: combine([2, 0, 0, -1]), state };
        },
      });
      const got = balanceJacobian([first, second] as never, compared);
      expect([...got.update]).toEqual([1, 3, 5]);
      expect([...got.weights]).toEqual([2, -1]);
    }
  });

  it('makes of columns what no combination is: the median of three is the trimmed mean', () =>
    fc.assert(
      fc.property(
        jacobians.filter((jacobian) => jacobian.length === 3),
        (jacobian) => {
          const [median, trimmed] = [medianOfThree, trimmedMean()].map((method) => balanceJacobian(jacobian, method).update);
          // Zeros of either sign are the same number.
          for (const [k, value] of median!.entries()) expect(value === trimmed![k]).toBe(true);
        },
      ),
      { numRuns: 50, seed: 5 },
    ));

  it('in tensors: three steps by combinations, by numbers and by the columns of a method are the same', () => {
    tidy(() => {
      const params = model();
      const descend = <S>(method: JacobianMethod<S>) => {
        let [state, memory] = [undefined as S | undefined, undefined as Params | undefined];
        return [0, 1, 2].map((at) => {
          const got = multiTaskGradients({ losses, params, method, shared: 'shared/**', state, memory, context: { step: at } });
          ({ state, memory } = got);
          return { leaves: flatten(got.gradients), memory, gramian: got.gramian };
        });
      };
      for (const [one, other] of [
        [trackedByRows, trackedByWeights],
        [medianOfThree, trimmedMean()],
      ] as [JacobianMethod<unknown>, JacobianMethod<unknown>][]) {
        const wanted = descend(other);
        for (const [at, got] of descend(one).entries()) {
          for (const [path, leaf] of got.leaves) {
            expect(leaf.shape).toEqual(wanted[at]!.leaves.get(path)!.shape);
            expectAllClose(leaf, wanted[at]!.leaves.get(path)!.dataSync(), 1e-5);
          }
          expectAllClose(got.gramian, wanted[at]!.gramian.dataSync(), 1e-5);
          const rows = flatten(wanted[at]!.memory);
          expect([...flatten(got.memory).keys()]).toEqual([...rows.keys()]);
          for (const [path, leaf] of flatten(got.memory)) expectAllClose(leaf, rows.get(path)!.dataSync(), 1e-5);
        }
      }
    });
  });

  it('says by its type whether it works at the features', () => {
    tidy(() => {
      const params = model();
      const sum = { needs: [], name: 'own', init: () => null } as const;
      const atFeatures = jacobianMethod<null>({
        ...sum,
        features: true,
        step: ({ combine }, state) => ({ update: combine([1, 1, 1]), state }),
      });
      const got = multiTaskGradients({ at: 'features', features, losses: headLosses, params, method: atFeatures });
      expectAllClose(got.weights, [1, 1, 1]);
      // @ts-expect-error It does not say so.
      const other = () => multiTaskGradients({ at: 'features', features, losses: headLosses, params, method: medianOfThree });
      expect(other).toBeTypeOf('function');
    });
  });

  it.each([
    ['not_given', 'needs', { step: ({ gramian }, state) => ({ update: gramian(0), state }) }],
    ['not_given', 'rows: true', { step: ({ rows }, state) => ({ update: rows()[0]!, state }) }],
    ['not_given', 'combine', { step: (_, state) => ({ update: [1, 2, 3], state }) }],
    ['bad_option', 'batch', { rows: true, step: ({ rows }, state) => ({ update: rows(1)[0]!, state }) }],
    ['shape_mismatch', 'weights', { step: ({ combine }, state) => ({ update: combine([1, 2, 3]), state }) }],
    ['shape_mismatch', 'update', { rows: true, step: (_, state) => ({ update: [1, 2], state }) }],
    ['shape_mismatch', 'memory', { memory: () => 1 }],
  ] as [string, string, Partial<JacobianStep<null>>][])('throws %s for what it did not say or made wrong: %s', (code, words, own) => {
    const rows = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    expect(() => balanceJacobian(rows, step(own))).toThrowError(
      expect.objectContaining({ code, message: expect.stringContaining(words) }) as never,
    );
  });

  it('is what the README says', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const [, code] = /## A method of your own[\s\S]*?```ts\n([\s\S]*?)```/.exec(readme)!;
    const [, wanted] = /\/\/ \[(.*)\]/.exec(code!)!;
    const { outputText } = transpileModule(code!.replace(/^import .*$/gm, ''), {});
    const said: number[][] = [];
    new Function('jacobianMethod', 'balanceJacobian', 'console', outputText)(jacobianMethod, balanceJacobian, {
      log: (update: Float64Array) => said.push([...update]),
    });
    expect(said).toHaveLength(1);
    expectAllClose(said[0]!, wanted!.split(', ').map(Number), 1e-12);
  });

  it('is what MoDo is: it has no rows of its own and asks for no numbers of them', () => {
    expect(modo()).not.toHaveProperty('onHost');
    expect(medianOfThree.onHost).toBe(true);
  });
});
