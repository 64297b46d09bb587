import { type Params, valueAndGradients } from '@taskloom/core';
import { expectAllClose, expectTensors, expectTraceable, onBackends } from '@taskloom/testing';
import { type Tensor1D, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { log, sum, type TotalLoss, uncertainty } from '../src';

const values = [2.5, 0.3, 1.1];
const tasks = ['topic', 'urgency', 'sentiment'];

interface Case {
  readonly name: string;
  readonly method: TotalLoss<Params>;
  readonly own: (all: Float32Array) => Params;
  readonly formula: (losses: number[], s: number[]) => number;
}

const s = [0.2, -0.7, 1.3];
const none = () => ({});
const learned = (all: Float32Array) => ({ logVariances: tensor1d(all) });
const cases: Case[] = [
  { name: 'sum', method: sum(), own: none, formula: (losses) => losses.reduce((a, b) => a + b, 0) },
  { name: 'log', method: log(), own: none, formula: (losses) => losses.reduce((a, b) => a + Math.log(b), 0) },
  {
    name: 'uncertainty',
    method: uncertainty() as unknown as TotalLoss<Params>,
    own: learned,
    formula: (losses, s) => losses.reduce((a, b, i) => a + 0.5 * Math.exp(-s[i]!) * b + 0.5 * s[i]!, 0),
  },
  {
    name: 'uncertainty, kinds by task',
    method: uncertainty({ kinds: { topic: 'classification', sentiment: 'classification' } }) as unknown as TotalLoss<Params>,
    own: learned,
    formula: (losses, s) => losses.reduce((a, b, i) => a + (i === 1 ? 0.5 : 1) * Math.exp(-s[i]!) * b + 0.5 * s[i]!, 0),
  },
  {
    name: 'uncertainty, revised',
    method: uncertainty({ form: 'revised', kinds: 'classification' }) as unknown as TotalLoss<Params>,
    own: learned,
    formula: (losses, s) => losses.reduce((a, b, i) => a + Math.exp(-s[i]!) * b + Math.log1p(Math.exp(s[i]!)), 0),
  },
];

onBackends(['cpu', 'wasm'], () => {
  describe.each(cases)('$name', ({ method, own, formula }) => {
    const differentiate = (losses: number[], present?: number[]) => {
      const owned = own(Float32Array.from(s));
      return valueAndGradients(
        (all: { losses: Tensor1D; own: Params }) => method.total(all.losses, all.own, present && tensor1d(present)),
        { losses: tensor1d(losses), own: owned },
      );
    };
    const slope = (at: number, of: 'losses' | 's') => {
      const shifted = (delta: number) => (values: number[]) => values.map((value, i) => (i === at ? value + delta : value));
      const f = (delta: number) => (of === 'losses' ? formula(shifted(delta)(values), s) : formula(values, shifted(delta)(s)));
      return (f(1e-6) - f(-1e-6)) / 2e-6;
    };

    it('is the formula, and so are its derivatives', () => {
      tidy(() => {
        for (const leaf of Object.values(method.init(tasks))) (leaf as Tensor1D).dispose();
        const { value, gradients } = differentiate(values);
        expectAllClose(value, [formula(values, s)], 1e-5);
        expectAllClose(
          gradients.losses,
          [0, 1, 2].map((i) => slope(i, 'losses')),
          1e-4,
        );
        if (gradients.own?.logVariances)
          expectAllClose(
            gradients.own.logVariances as Tensor1D,
            [0, 1, 2].map((i) => slope(i, 's')),
            1e-4,
          );
      });
    });

    it('leaves absent tasks out, even where they are NaN', () => {
      tidy(() => {
        const { value, gradients } = differentiate([values[0]!, Number.NaN, values[2]!], [1, 0, 1]);
        const without = (values: number[]) => values.filter((_, i) => i !== 1);
        if (!method.name.startsWith('uncertainty')) expectAllClose(value, [formula(without(values), without(s))], 1e-5);
        expectAllClose(gradients.losses, [slope(0, 'losses'), 0, slope(2, 'losses')], 1e-4);
        if (gradients.own?.logVariances) expectAllClose(gradients.own.logVariances as Tensor1D, [slope(0, 's'), 0, slope(2, 's')], 1e-4);
      });
    });

    it('leaves one tensor behind', () => {
      tidy(() => {
        const losses = tensor1d(values);
        const owned = own(Float32Array.from(s));
        const present = tensor1d([1, 0, 1]);
        expectTensors(() => method.total(losses, owned, present), 1);
      });
    });
  });
});

describe('scalarizations', () => {
  it.each(cases)('$name can be traced', ({ method, own }) =>
    expectTraceable(() => method.total(tensor1d(values), own(Float32Array.from(s)), tensor1d([1, 0, 1]))),
  );

  it('log has a finite gradient at a loss of 0', () => {
    tidy(() => {
      const { gradients } = valueAndGradients((all: { losses: Tensor1D }) => log().total(all.losses, {}), { losses: tensor1d([0, 1]) });
      expect(gradients.losses.dataSync().every(Number.isFinite)).toBe(true);
    });
  });

  it('uncertainty starts where it is told, and asks for the order of tasks', () => {
    tidy(() => {
      expectAllClose(uncertainty({ initial: -0.5 }).init(tasks).logVariances, [-0.5, -0.5, -0.5]);
      const fresh = uncertainty({ kinds: { topic: 'classification' } });
      expect(() => fresh.total(tensor1d([1]), { logVariances: tensor1d([0]) })).toThrowError(
        expect.objectContaining({ code: 'not_initialized' }) as never,
      );
      expect(() => uncertainty().total(tensor1d([1]), {} as never)).toThrowError(
        expect.objectContaining({ code: 'not_initialized' }) as never,
      );
      const method = uncertainty();
      expect(() => method.total(tensor1d([1]), method.init(tasks))).toThrowError(
        expect.objectContaining({ code: 'shape_mismatch' }) as never,
      );
    });
  });
});
