import { type Params, valueAndGradients } from '@taskloom/core';
import { expectAllClose, expectTensors, expectTraceable, onBackends } from '@taskloom/testing';
import { type Tensor1D, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { gls, imtlL, log, smoothTchebycheff, sum, type TotalLoss, uncertainty } from '../src';

const values = [2.5, 0.3, 1.1];
const tasks = ['topic', 'urgency', 'sentiment'];

interface Case {
  readonly name: string;
  readonly method: TotalLoss<Params>;
  readonly own: (all: Float32Array) => Params;
  /** Of the losses and parameters of `tasks`, those that are there. */
  readonly formula: (losses: number[], s: number[], tasks: number[]) => number;
}

const s = [0.2, -0.7, 1.3];
const none = () => ({});
const learned = (all: Float32Array) => ({ logVariances: tensor1d(all) });
const preference = [0.2, 0.5, 0.3];
const ideal = [0.1, 0, -0.2];
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
    formula: (losses, s, tasks) => losses.reduce((a, b, i) => a + (tasks[i] === 1 ? 0.5 : 1) * Math.exp(-s[i]!) * b + 0.5 * s[i]!, 0),
  },
  {
    name: 'uncertainty, revised',
    method: uncertainty({ form: 'revised', kinds: 'classification' }) as unknown as TotalLoss<Params>,
    own: learned,
    formula: (losses, s) => losses.reduce((a, b, i) => a + Math.exp(-s[i]!) * b + Math.log1p(Math.exp(s[i]!)), 0),
  },
  { name: 'gls', method: gls(), own: none, formula: (losses) => losses.reduce((a, b) => a * b, 1) ** (1 / losses.length) },
  {
    name: 'imtl-l',
    method: imtlL() as unknown as TotalLoss<Params>,
    own: (all) => ({ logScales: tensor1d(all) }),
    formula: (losses, s) => losses.reduce((a, b, i) => a + Math.exp(s[i]!) * b - s[i]!, 0),
  },
  {
    name: 'smooth Tchebycheff',
    method: smoothTchebycheff({ mu: 0.3, preference, ideal }),
    own: none,
    formula: (losses, _, tasks) =>
      0.3 * Math.log(losses.reduce((a, b, i) => a + Math.exp((preference[tasks[i]!]! * (b - ideal[tasks[i]!]!)) / 0.3), 0)),
  },
  {
    name: 'smooth Tchebycheff, by default',
    method: smoothTchebycheff(),
    own: none,
    formula: (losses) => Math.log(losses.reduce((a, b) => a + Math.exp(b / 3), 0)),
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
    const value = (losses: number[], own: number[], tasks: number[]) =>
      formula(
        tasks.map((i) => losses[i]!),
        tasks.map((i) => own[i]!),
        tasks,
      );
    /** Central differences of the formula about `tasks`. */
    const slopes = (of: 'losses' | 's', tasks: number[]) =>
      [0, 1, 2].map((at) => {
        const shifted = (delta: number) => (values: number[]) => values.map((value, i) => (i === at ? value + delta : value));
        const f = (delta: number) => (of === 'losses' ? value(shifted(delta)(values), s, tasks) : value(values, shifted(delta)(s), tasks));
        return (f(1e-6) - f(-1e-6)) / 2e-6;
      });
    const expectFormula = (tasks: number[], { value: total, gradients }: ReturnType<typeof differentiate>) => {
      expectAllClose(total, [value(values, s, tasks)], 1e-5);
      expectAllClose(gradients.losses, slopes('losses', tasks), 1e-4);
      for (const leaf of Object.values(gradients.own ?? {})) expectAllClose(leaf as Tensor1D, slopes('s', tasks), 1e-4);
    };

    it('is the formula, and so are its derivatives', () => {
      tidy(() => {
        for (const leaf of Object.values(method.init(tasks))) (leaf as Tensor1D).dispose();
        expectFormula([0, 1, 2], differentiate(values));
      });
    });

    it('leaves absent tasks out, even where they are NaN', () => {
      tidy(() => {
        expectFormula([0, 2], differentiate([values[0]!, Number.NaN, values[2]!], [1, 0, 1]));
        const nobody = differentiate([Number.NaN, 1, 1], [0, 0, 0]);
        expectAllClose(nobody.value, [0]);
        expectAllClose(nobody.gradients.losses, [0, 0, 0]);
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

  it.each([log(), gls(), smoothTchebycheff()])('$name has a finite gradient at losses of 0 and beyond what exp can hold', (method) => {
    tidy(() => {
      for (const losses of [
        [0, 1],
        [1e6, 1],
      ]) {
        const { value, gradients } = valueAndGradients((all: { losses: Tensor1D }) => method.total(all.losses, {}), {
          losses: tensor1d(losses),
        });
        expect([...value.dataSync(), ...gradients.losses.dataSync()].every(Number.isFinite)).toBe(true);
      }
    });
  });

  it('gls is one step length for all scales: its gradient keeps its direction', () => {
    tidy(() => {
      const gradientOf = (losses: number[]) =>
        valueAndGradients((all: { losses: Tensor1D }) => gls().total(all.losses, {}), {
          losses: tensor1d(losses),
        }).gradients.losses.dataSync();
      const [a, b] = [gradientOf([2, 3]), gradientOf([2, 3000])];
      // Of the losses' own gradients, the second is 1000 times as long in the second case.
      expect((b[1]! * 1000) / b[0]!).toBeCloseTo(a[1]! / a[0]!, 4);
    });
  });

  it('smooth Tchebycheff nears the greatest weighted loss as μ falls, and asks for a number a task', () => {
    tidy(() => {
      const total = smoothTchebycheff({ mu: 1e-3, preference, ideal }).total(tensor1d(values), {});
      expectAllClose(total, [0.2 * (2.5 - 0.1)], 1e-3);
      expect(() => smoothTchebycheff({ ideal: [1] }).total(tensor1d(values), {})).toThrowError(
        expect.objectContaining({ code: 'shape_mismatch' }) as never,
      );
      expect(() => smoothTchebycheff({ mu: 0 })).toThrowError(expect.objectContaining({ code: 'bad_option' }) as never);
    });
  });

  it('imtl-l at its minimum gives every task the same scaled loss, and asks for its parameters', () => {
    tidy(() => {
      const logScales = tensor1d(values.map((value) => -Math.log(value)));
      const { gradients } = valueAndGradients(
        (all: { losses: Tensor1D; own: { logScales: Tensor1D } }) => imtlL().total(all.losses, all.own),
        { losses: tensor1d(values), own: { logScales } },
      );
      expectAllClose(gradients.own.logScales, [0, 0, 0], 1e-5);
      expect(() => imtlL().total(tensor1d(values), {} as never)).toThrowError(
        expect.objectContaining({ code: 'not_initialized' }) as never,
      );
      expect(() => imtlL().total(tensor1d(values), { logScales: tensor1d([0]) })).toThrowError(
        expect.objectContaining({ code: 'shape_mismatch' }) as never,
      );
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
