import { describe, expect, it } from 'vitest';
import { diagnosisOf } from '../../src/diagnosis';
import { measured, type Quadratic } from './quadratics';

const names = (count: number) => Array.from({ length: count }, (_, i) => ['sentiment', 'stance', 'hate', 'irony', 'emoji'][i]!);
const diagnosed = (tasks: readonly Quadratic[], options: Parameters<typeof measured>[1]) =>
  diagnosisOf(measured(tasks, options), names(tasks.length));
const kinds = (diagnosis: ReturnType<typeof diagnosed>) => diagnosis.verdicts.map(({ kind }) => kind);
const far = [4, 4, 4, 4];

describe('verdicts on problems whose answer is known', () => {
  it('one optimum for all: sum', () => {
    const tasks = [1, 1.5, 0.8].map((scale) => ({ target: [0, 0, 0, 0], scale, noise: 0.2 }));
    const diagnosis = diagnosed(tasks, { start: far });
    expect(kinds(diagnosis)).toEqual(['sum']);
    expect(diagnosis.verdicts[0]!.text).toMatch(/do not conflict: sum them.*same way/);
    expect(diagnosis.cosine[0]![1]!.mean).toBeGreaterThan(0.9);
    expect(diagnosis.effectiveRank.mean).toBeLessThan(1.5);
  });

  it('each task has parameters of its own: sum, as they neither help nor hinder', () => {
    const tasks = [0, 1, 2].map((i) => ({ target: [0, 0, 0, 0], curvature: [0, 1, 2, 3].map((k) => (k === i ? 1 : 0)), noise: 0.1 }));
    const diagnosis = diagnosed(tasks, { start: far });
    expect(kinds(diagnosis)).toEqual(['sum']);
    expect(diagnosis.verdicts[0]!.text).toMatch(/neither help nor hinder/);
    expect(diagnosis.directions.mean).toBeGreaterThan(2.9);
  });

  it('40 times the gradient, and the loss, of the rest: normalise, a logarithm is enough', () => {
    const tasks = [1, 40, 1].map((scale) => ({ target: [0, 0, 0, 0], scale, noise: 0.05 }));
    const [first, second] = diagnosed(tasks, { start: far, rate: 0.002 }).verdicts;
    expect(first).toMatchObject({ kind: 'normalize', tasks: ['stance'] });
    expect(first!.text).toMatch(/^`stance` has (39|40|41)× the gradient of the rest: normalise.*`log` is enough/);
    expect(first!.evidence.dominance).toBeCloseTo(40, -0.5);
    expect(second!.kind).toBe('sum');
  });

  it('40 times the gradient at a like loss: balance gradients', () => {
    const tasks = [
      { target: [0, 0, 0, 0], floor: 1280 },
      { target: [0, 0, 0, 0], scale: 40 },
      { target: [0, 0, 0, 0], floor: 1280 },
    ];
    const [first] = diagnosed(tasks, { start: far, rate: 0.0005 }).verdicts;
    expect(first).toMatchObject({ kind: 'normalize', tasks: ['stance'] });
    expect(first!.text).toMatch(/does not explain it: balance gradients/);
  });

  it('a task of a fortieth: it has no say', () => {
    const tasks = [1, 0.025, 1].map((scale) => ({ target: [0, 0, 0, 0], scale }));
    expect(diagnosed(tasks, { start: far }).verdicts[0]).toMatchObject({
      kind: 'normalize',
      tasks: ['stance'],
      text: expect.stringMatching(/a 40th of the gradient/),
    });
  });

  it('one task pulls against all others: train it apart', () => {
    const tasks = [
      [0, 0, 0, 0],
      [0.5, 0, 0, 0],
      [30, 30, 30, 30],
      [0, 0.5, 0, 0],
    ].map((target) => ({ target, noise: 0.3 }));
    const diagnosis = diagnosed(tasks, { start: far });
    expect(diagnosis.verdicts[0]).toMatchObject({ kind: 'apart', tasks: ['hate'] });
    expect(diagnosis.verdicts[0]!.text).toMatch(/^Train `hate` apart.*raises its loss/);
    expect(diagnosis.verdicts[0]!.evidence.cosineWithRest).toBeLessThan(-0.8);
    expect(kinds(diagnosis)).not.toContain('conflict');
  });

  it('every task pulls against every other: a conflict, and no scapegoat', () => {
    // Corners of a regular simplex around the start.
    const tasks = [0, 1, 2, 3].map((i) => ({ target: [0, 1, 2, 3].map((k) => 4 + (k === i ? 3 : -1)), noise: 0.1 }));
    const diagnosis = diagnosed(tasks, { start: far });
    expect(diagnosis.verdicts[0]).toMatchObject({ kind: 'conflict', tasks: names(4) });
    expect(diagnosis.verdicts[0]!.evidence).toMatchObject({ conflictingPairs: 6, pairs: 6 });
    expect(diagnosis.cosine[0]![1]!.mean).toBeCloseTo(-1 / 3, 1);
    expect(kinds(diagnosis)).not.toContain('apart');
  });

  it('two tasks that pull apart: a conflict between the two', () => {
    const tasks = [{ target: [8, 8, 8, 8] }, { target: [0, 0, 0, 0] }];
    expect(diagnosed(tasks, { start: far }).verdicts[0]).toMatchObject({ kind: 'conflict', tasks: ['sentiment', 'stance'] });
  });

  it('aligned far away, opposed between the optima: conflict grows in the course of training', () => {
    const tasks = [{ target: [1, 0, 0, 0] }, { target: [-1, 0, 0, 0] }];
    const diagnosis = diagnosed(tasks, { start: far, steps: 200, rate: 0.02 });
    const course = diagnosis.verdicts.find(({ kind }) => kind === 'course');
    expect(course!.text).toMatch(/grows.*from \d+ % to 100 %/);
    expect(diagnosis.conflict.trend).toBeGreaterThan(0.5);
  });

  it('noise alone is called noise, and never a conflict', () => {
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const tasks = [0, 1, 2, 3, 4].map(() => ({ target: far, noise: 1 }));
      const diagnosis = diagnosed(tasks, { start: far, rate: 1e-6, seed });
      expect(kinds(diagnosis)).toEqual(['sum', 'noise']);
    }
  });

  it('sees through batch noise: the corrected cosine is that of the exact gradients', () => {
    const wide = Array.from({ length: 32 }, (_, k) => (k < 24 ? 8 : 0));
    const tasks = [
      { target: wide.map(() => 0), noise: 8 },
      { target: wide, noise: 8 },
    ];
    const diagnosis = diagnosed(tasks, { start: wide.map(() => 4), steps: 2000, rate: 1e-7 });
    expect(diagnosis.cosine[0]![1]!.mean).toBeGreaterThan(-0.15);
    expect(diagnosis.corrected![0]![1]).toBeCloseTo(-0.5, 1);
    expect(diagnosis.tasks[0]!.signal).toBeGreaterThan(0.1);
    expect(diagnosis.verdicts[0]!.kind).toBe('conflict');
  });

  it('says that it cannot say', () => {
    expect(kinds(diagnosed([{ target: far }, { target: far }], { start: [0, 0, 0, 0], steps: 3 }))).toEqual(['undecided']);
    expect(kinds(diagnosed([{ target: far }], { start: [0, 0, 0, 0] }))).toEqual(['sum']);
    expect(() => diagnosisOf([], ['a'])).toThrow(/nothing to diagnose/);
    expect(() => diagnosisOf(measured([{ target: far }], { start: [0, 0, 0, 0] }), ['a', 'b'])).toThrow(/another number of tasks/);
  });

  it('passes over absent tasks and zero gradients', () => {
    const both = measured([{ target: [0, 0, 0, 0] }, { target: [1, 1, 1, 1] }], { start: far });
    const one = { ...both[0]!, present: [1, 0], losses: [1, Number.NaN], gramian: [4, Number.NaN, Number.NaN, Number.NaN] };
    const zero = { ...both[0]!, gramian: [0, 0, 0, 0] };
    const diagnosis = diagnosisOf([...both, one, zero], ['a', 'b']);
    expect(diagnosis.cosine[0]![1]!.count).toBe(both.length);
    expect(diagnosis.tasks[1]!.loss.count).toBe(both.length + 1);
    expect(Number.isFinite(diagnosis.effectiveRank.mean)).toBe(true);
  });
});
