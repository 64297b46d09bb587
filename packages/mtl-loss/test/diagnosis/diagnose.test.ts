import '@tensorflow/tfjs-backend-cpu';
import { add, memory, setBackend, square, stack, sub, sum, type Tensor, type Tensor1D, tensor1d, variable } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeEach, expect, it } from 'vitest';
import { diagnose, diagnosisPage, effectiveRank, heatMap } from '../../src/diagnosis';

beforeEach(() => setBackend('cpu'));

it('diagnoses variables and a loss written by hand, leaves them as they were and nothing behind', async () => {
  const params = { shared: variable(tensor1d([4, 4])), own: variable(tensor1d([1])) };
  const targets = [tensor1d([0, 0]), tensor1d([8, 8])];
  const before = memory().numTensors;
  const seen: number[] = [];
  const diagnosis = await diagnose({
    params,
    losses: ({ shared, own }: { shared: Tensor; own: Tensor }, batch: number) => {
      seen.push(batch);
      return stack([sum(square(sub(shared, targets[0]!))), add(sum(square(sub(shared, targets[1]!))), sum(square(own)))]) as Tensor1D;
    },
    batches: Array.from({ length: 13 }, (_, i) => i),
    tasks: ['low', 'high'],
    shared: 'shared',
    learningRate: 0.001,
  });
  expect(memory().numTensors).toBe(before);
  expect(Array.from(params.shared.dataSync())).toEqual([4, 4]);
  expect(new Set(seen).size).toBe(12);
  expect(diagnosis.measurements).toBe(6);
  expect(diagnosis.cosine[0]![1]!.mean).toBeCloseTo(-1, 5);
  expect(diagnosis.corrected![0]![1]).toBeCloseTo(-1, 5);
  // Of 'high' the first loss is 2·4² + 1 and the gradient (−8, −8): a hundredth off takes a step of 0.33 / 128.
  expect(diagnosis.affinity![1]![0]!.mean).toBeCloseTo(-0.0103, 3);
  expect(diagnosis.verdicts[0]).toMatchObject({ kind: 'conflict', tasks: ['low', 'high'] });
  for (const tensor of [params.shared, params.own, ...targets]) tensor.dispose();
});

it('draws pages and maps that are well formed, whatever the names', async () => {
  const label = '<b> & "c"';
  const svg = heatMap({
    title: label,
    labels: [label, 'd'],
    values: [
      [1, -0.25],
      [Number.NaN, 1],
    ],
    rows: 'x',
    columns: 'y',
  });
  expect(svg).not.toContain('<b>');
  expect(svg.match(/<rect/g)).toHaveLength(5);
  expect(svg).toContain('>-0.25<');
  const { diagnosisOf } = await import('../../src/diagnosis');
  const { measured } = await import('./quadratics');
  const page = diagnosisPage(diagnosisOf(measured([{ target: [0] }, { target: [2] }], { start: [1] }), [label, 'd']));
  expect(page).not.toContain('<b>');
  for (const part of ['Cosine of task gradients', 'without batch noise', 'Affinity', 'Pairs in conflict, in the course'])
    expect(page).toContain(part);
  expect(page.match(/<svg/g)).toHaveLength(page.match(/<\/svg>/g)!.length);
});

it('effective rank: rows of one direction 1, orthogonal ones their number, between otherwise, whatever the scale', () => {
  expect(effectiveRank([1, 2, 2, 4], 2)).toBeCloseTo(1);
  expect(effectiveRank([3, 0, 0, 0, 3, 0, 0, 0, 3], 3)).toBeCloseTo(3);
  expect(effectiveRank([0, 0, 0, 0], 2)).toBe(0);
  expect(effectiveRank([1e6, 0, 0, 5e-324], 2)).toBeCloseTo(1);
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }), { minLength: 2, maxLength: 6 }),
      fc.constantFrom(1e-6, 1, 1e6),
      (rows, scale) => {
        const gramian = rows.flatMap((a) => rows.map((b) => scale * a.reduce((sum, value, k) => sum + value * b[k]!, 0)));
        const rank = effectiveRank(gramian, rows.length);
        if (gramian.every((value) => Math.abs(value) < 1e-12)) return;
        expect(rank).toBeGreaterThan(1 - 1e-9);
        expect(rank).toBeLessThan(Math.min(rows.length, 4) + 1e-6);
      },
    ),
  );
});
