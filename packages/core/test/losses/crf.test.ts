import { expectAllClose, expectGradients, expectTensors, onBackends, sampleTensor } from '@taskloom/testing';
import { mul, setBackend, slice, sum, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { valueAndGradients } from '../../src/gradients';
import { type CrfScores, crf, crfLogPartition, crfMarginals, crfScore, crfViterbi, viterbi } from '../../src/losses';
import { ints } from './table';

beforeAll(async () => void (await setBackend('cpu')));

interface Problem {
  readonly emissions: number[][];
  readonly transitions: number[][];
  readonly start: number[];
  readonly end: number[];
}

/** Every path through the tokens, with its score. */
function paths({ emissions, transitions, start, end }: Problem): { path: number[]; score: number }[] {
  let all = [{ path: [] as number[], score: 0 }];
  for (const [t, row] of emissions.entries())
    all = all.flatMap(({ path, score }) =>
      row.map((e, k) => ({ path: [...path, k], score: score + e + (t === 0 ? start[k]! : transitions[path.at(-1)!]![k]!) })),
    );
  return all.map(({ path, score }) => ({ path, score: score + (path.length > 0 ? end[path.at(-1)!]! : 0) }));
}

const logSum = (values: number[]) => {
  const top = Math.max(...values);
  return top + Math.log(values.reduce((sum, v) => sum + Math.exp(v - top), 0));
};

const score = fc.integer({ min: -30, max: 30 }).map((n) => n / 10);
const problem = fc.record({ time: fc.integer({ min: 1, max: 4 }), tags: fc.integer({ min: 1, max: 3 }) }).chain(({ time, tags }) => {
  const row = fc.array(score, { minLength: tags, maxLength: tags });
  return fc.record({
    emissions: fc.array(row, { minLength: time, maxLength: time }),
    transitions: fc.array(row, { minLength: tags, maxLength: tags }),
    start: row,
    end: row,
    kept: fc.array(fc.boolean(), { minLength: time, maxLength: time }),
  });
});

const scoresOf = ({ transitions, start, end }: Problem): CrfScores => ({
  transitions: tensor(transitions),
  start: tensor(start),
  end: tensor(end),
});

it('log-partition, marginals, path and likelihood are those of all paths, wherever tokens are left out', () => {
  fc.assert(
    fc.property(problem, ({ kept, ...given }) => {
      tidy(() => {
        const short = { ...given, emissions: given.emissions.filter((_, t) => kept[t]) };
        const all = paths(short);
        const z = logSum(all.map(({ score }) => score));
        const tags = given.start.length;
        const emissions = tensor([given.emissions], [1, kept.length, tags]);
        const scores = scoresOf(given);
        const mask = tensor([kept.map(Number)], [1, kept.length]);
        expectAllClose(crfLogPartition(emissions, scores, { mask }).dataSync(), [z], 1e-5);

        const marginals = given.emissions.map(() => new Array<number>(tags).fill(0));
        const places = kept.flatMap((keep, t) => (keep ? [t] : []));
        for (const { path, score } of all) for (const [i, k] of path.entries()) marginals[places[i]!]![k]! += Math.exp(score - z);
        expectAllClose(crfMarginals(emissions, scores, { mask }).dataSync(), marginals.flat(), 1e-5);

        const best = crfViterbi(emissions, scores, { mask });
        const greatest = Math.max(...all.map(({ score }) => score));
        expect(best.score.dataSync()[0]).toBeCloseTo(greatest, 4);
        const found = [...best.tags.dataSync()];
        expect(found.filter((_, t) => !kept[t]).every((tag) => tag === 0)).toBe(true);
        const own = all.find(({ path }) => path.join() === places.map((t) => found[t]).join())!;
        expect(own.score).toBeCloseTo(greatest, 8);

        const gold = all[all.length >> 1]!;
        const numbers = kept.map(() => 0);
        for (const [i, t] of places.entries()) numbers[t] = gold.path[i]!;
        expectAllClose(crfScore(emissions, ints(numbers, [1, kept.length]), scores, { mask }).dataSync(), [gold.score], 1e-5);
        const loss = crf(emissions, ints(numbers, [1, kept.length]), scores, { mask }).dataSync()[0]!;
        expect(loss).toBeCloseTo(z - gold.score, 4);
      });
    }),
    { numRuns: 60 },
  );
});

onBackends(['cpu', 'wasm'], () => {
  const tags = () => ints([0, 1, 1, 0, -1, 1], [2, 3]);

  it('has right derivatives of both orders in all its scores', () => {
    expectGradients(
      (emissions, transitions, start, end) => crf(emissions!, tags(), { transitions: transitions!, start: start!, end: end! }),
      [sampleTensor([2, 3, 2], 2), sampleTensor([2, 2], 3), sampleTensor([2], 4), sampleTensor([2], 5)],
    );
  });

  it('has right derivatives of the marginals', () => {
    expectGradients(
      (emissions, transitions) => {
        const p = crfMarginals(emissions!, { transitions: transitions! });
        return sum(mul(p, sampleTensor([1, 3, 2], 9)));
      },
      [sampleTensor([1, 3, 2], 2), sampleTensor([2, 2], 3)],
    );
  });
});

describe('crf', () => {
  it('is the mean over sequences, or over tokens, with weights', () => {
    const emissions = sampleTensor([3, 4, 3]);
    const scores = { transitions: sampleTensor([3, 3], 3), start: sampleTensor([3], 4) };
    const numbers = [0, 2, 1, 1, 0, 1, -1, -1, -1, -1, -1, -1];
    const row = (i: number) =>
      crf(slice(emissions, [i, 0, 0], [1, 4, 3]), ints(numbers.slice(4 * i, 4 * i + 4), [1, 4]), scores).dataSync()[0]!;
    expect(row(2)).toBe(0);
    const all = (options = {}) => crf(emissions, ints(numbers, [3, 4]), scores, options).dataSync()[0]!;
    expect(all()).toBeCloseTo((row(0) + row(1)) / 2, 5);
    expect(all({ per: 'token' })).toBeCloseTo((row(0) + row(1)) / 6, 5);
    expect(all({ weight: tensor([1, 3, 2]) })).toBeCloseTo((row(0) + 3 * row(1)) / 4, 5);
    expect(all({ weight: tensor([1, 3, 2]), per: 'token' })).toBeCloseTo((row(0) + 3 * row(1)) / 10, 5);
  });

  it('stays exact where all scores are large', () => {
    tidy(() => {
      // The path that the scores forbid by 1e4 each step, and the one that they demand.
      const time = 40;
      const emissions = tensor(
        Float32Array.from({ length: time * 2 }, (_, i) => (i % 2 ? 1e4 : -1e4)),
        [1, time, 2],
      );
      const scores = {
        transitions: tensor([
          [1e4, 1e4],
          [1e4, 1e4],
        ]),
        start: tensor([-1e4, -1e4]),
        end: tensor([1e4, 1e4]),
      };
      const loss = (tag: number) => {
        const { value, gradients } = valueAndGradients(
          (p: { emissions: Tensor; transitions: Tensor }) =>
            crf(p.emissions, ints(new Array(time).fill(tag), [1, time]), { ...scores, transitions: p.transitions }),
          { emissions, transitions: scores.transitions },
        );
        for (const x of [gradients.emissions, gradients.transitions]) expect(x.dataSync().every(Number.isFinite)).toBe(true);
        return value.dataSync()[0]!;
      };
      expect(loss(1)).toBe(0);
      expect(loss(0)).toBe(2e4 * time);
    });
  });

  it('keeps nothing but its results', () => {
    const [emissions, transitions, tags] = [sampleTensor([2, 3, 3]), sampleTensor([3, 3]), ints([0, 1, 2, 0, 0, 0], [2, 3])];
    expectTensors(() => crf(emissions, tags, { transitions }), 1);
    expectTensors(() => crfMarginals(emissions, { transitions }), 1);
    expectTensors(() => crfViterbi(emissions, { transitions }), 2);
  });

  it('names what does not fit', () => {
    const emissions = sampleTensor([2, 3, 4]);
    const code = expect.objectContaining({ code: 'shape_mismatch' });
    expect(() => crfLogPartition(emissions, { transitions: sampleTensor([3, 3]) })).toThrow(/'transitions' does not fit.*\[4,4\]/);
    expect(() => crfLogPartition(sampleTensor([2, 3]), { transitions: sampleTensor([3, 3]) })).toThrow(code);
    expect(() => crfMarginals(emissions, { transitions: sampleTensor([4, 4]) }, { mask: sampleTensor([2, 4]) })).toThrow(code);
    expect(() => crf(emissions, ints([1, 2]), { transitions: sampleTensor([4, 4]) })).toThrow(code);
  });
});

it('viterbi: equal paths give the least tags from the end on; no token, no path', () => {
  expect(viterbi({ emissions: [0, 0, 0, 0], transitions: [0, 0, 0, 0] })).toEqual({ tags: Int32Array.of(0, 0), score: 0 });
  expect(viterbi({ emissions: [1, 2], transitions: [0, 0, 0, 0], mask: [0] })).toEqual({ tags: Int32Array.of(0), score: 0 });
});
