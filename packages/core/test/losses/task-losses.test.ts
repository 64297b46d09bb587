import { expectAllClose, sampleTensor } from '@taskloom/testing';
import { add, engine, mul, setBackend, slice, sum, type Tensor, tensor, tidy, zerosLike } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  binaryCrossEntropy,
  binaryFocal,
  coral,
  corn,
  cornLabels,
  cornProbabilities,
  crf,
  crossEntropy,
  dice,
  distillation,
  focal,
  gaussianNll,
  infoNce,
  likeliestSpans,
  multiClassHinge,
  multipleNegativesRanking,
  ntXent,
  quantile,
  sequenceCrossEntropy,
  spanExtraction,
  supervisedContrastive,
  taggingCrossEntropy,
  triplet,
} from '../../src/losses';
import { repairGradients } from '../../src/repair-gradients';
import { ints } from './table';

beforeAll(async () => {
  await setBackend('cpu');
  repairGradients();
});
const value = (x: { dataSync(): ArrayLike<number> }) => x.dataSync()[0]!;
const s = (x: number) => 1 / (1 + Math.exp(-x));

describe('task losses', () => {
  it('focal with γ = 0 is cross-entropy; with one class it is 0', () => {
    const [x, y] = [sampleTensor([3, 4]), ints([2, 0, 1])];
    expect(value(focal(x, y, { gamma: 0 }))).toBeCloseTo(value(crossEntropy(x, y)), 5);
    const labels = tensor([0, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 1], [3, 4]);
    expect(value(binaryFocal(x, labels, { gamma: 0, alpha: undefined }))).toBeCloseTo(value(binaryCrossEntropy(x, labels)), 5);
    expect(value(focal(tensor([[3], [-1]]), ints([0, 0])))).toBe(0);
  });

  it('CORN: a chain of conditional probabilities', () => {
    const x = tensor([[0.5, -1, 2]]);
    const [a, b, c] = [s(0.5), s(0.5) * s(-1), s(0.5) * s(-1) * s(2)];
    expectAllClose(cornProbabilities(x).dataSync(), [1 - a, a - b, b - c, c]);
    expectAllClose(sum(cornProbabilities(sampleTensor([4, 3])), -1).dataSync(), [1, 1, 1, 1]);
    expect([
      ...cornLabels(
        tensor([
          [3, 3, -1],
          [3, 0.1, 0.1],
          [-1, 9, 9],
        ]),
      ).dataSync(),
    ]).toEqual([2, 2, 0]);
    expectAllClose(cornProbabilities(tensor([[0.5]])).dataSync(), [1 - a, a]);
    // Rank 0 is asked one question, rank 3 all three: four terms.
    const asked = -Math.log(1 - s(0.5)) - Math.log(s(0.5)) - Math.log(s(-1)) - Math.log(s(2));
    expect(
      value(
        corn(
          tensor([
            [0.5, 7, -7],
            [0.5, -1, 2],
          ]),
          ints([0, 3]),
        ),
      ),
    ).toBeCloseTo(asked / 4, 5);
  });

  it('quantile is least at the quantile', () => {
    const y = tensor(Float32Array.from({ length: 101 }, (_, i) => i));
    const at = (p: number, q: number) => value(quantile(tensor(new Float32Array(101).fill(p)), y, { quantiles: q }));
    for (const q of [0.1, 0.5, 0.9]) for (const other of [-3, 3]) expect(at(100 * q, q)).toBeLessThan(at(100 * q + other, q));
  });

  it('gaussianNll: both forms agree, and the constant makes a density', () => {
    const [m, y] = [tensor([0, 1]), tensor([1, 3])];
    const expected = [0.5, 2].map((v, i) => 0.5 * (Math.log(v) + (i + 1) ** 2 / v));
    const mean = (expected[0]! + expected[1]!) / 2;
    expect(value(gaussianNll(m, y, tensor([0.5, 2])))).toBeCloseTo(mean, 5);
    expect(value(gaussianNll(m, y, tensor([Math.log(0.5), Math.log(2)]), { form: 'logVariance' }))).toBeCloseTo(mean, 5);
    expect(value(gaussianNll(m, y, tensor([0.5, 2]), { constant: true }))).toBeCloseTo(mean + 0.5 * Math.log(2 * Math.PI), 5);
    expect(Number.isFinite(value(gaussianNll(m, y, tensor([0, -1]))))).toBe(true);
  });

  it('dice is 0 where nothing is asked for and nothing said', () => {
    expect(value(dice(tensor([[-50, -50]]), tensor([[0, 0]]), { smooth: 1e-6 }))).toBeCloseTo(0, 5);
    expect(value(dice(tensor([[50, 50]]), tensor([[1, 1]])))).toBeCloseTo(0, 5);
  });

  it('in-batch losses see no rows of weight 0, as if they were not there', () => {
    const [a, p] = [sampleTensor([3, 4]), sampleTensor([3, 4], 5)];
    const [short, other] = [a, p].map((x) => slice(x, [0, 0], [2, 4])) as [typeof a, typeof p];
    const weight = tensor([1, 1, 0]);
    expect(value(infoNce(a, p, { weight, symmetric: true }))).toBeCloseTo(value(infoNce(short, other, { symmetric: true })), 5);
    expect(value(ntXent(a, p, { weight }))).toBeCloseTo(value(ntXent(short, other)), 5);
    expect(value(multipleNegativesRanking(a, p, { weight }))).toBeCloseTo(value(multipleNegativesRanking(short, other)), 5);
    const [features, names] = [sampleTensor([4, 3]), [1, 1, 2, 1]];
    expect(value(supervisedContrastive(features, ints(names), { weight: tensor([1, 1, 1, 0]) }))).toBeCloseTo(
      value(supervisedContrastive(slice(features, [0, 0], [3, 3]), ints(names.slice(0, 3)))),
      5,
    );
    expect(value(supervisedContrastive(features, ints([0, 1, 2, 3])))).toBe(0);
    expect(value(infoNce(slice(a, [0, 0], [1, 4]), slice(p, [0, 0], [1, 4])))).toBe(0);
  });

  it('multiple negatives with scale 1/τ is infoNCE, and further negatives cost', () => {
    const [a, p] = [sampleTensor([3, 4]), sampleTensor([3, 4], 5)];
    expect(value(multipleNegativesRanking(a, p))).toBeCloseTo(value(infoNce(a, p, { temperature: 0.05 })), 5);
    expect(value(multipleNegativesRanking(a, p, { negatives: sampleTensor([2, 4], 6) }))).toBeGreaterThan(
      value(multipleNegativesRanking(a, p)),
    );
  });

  it('a triplet of equal vectors costs the margin', () => {
    const x = sampleTensor([2, 3]);
    expect(value(triplet(x, x, x, { margin: 0.7 }))).toBeCloseTo(0.7, 6);
  });

  it('spans: rows without an allowed answer are left out', () => {
    const [start, end] = [sampleTensor([3, 4]), sampleTensor([3, 4], 5)];
    const mask = tensor([1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0], [3, 4]);
    const first =
      (value(crossEntropy(slice(start, [0, 0], [1, 4]), ints([2]))) + value(crossEntropy(slice(end, [0, 0], [1, 4]), ints([3])))) / 2;
    // Row 1 has its end at a token that the mask forbids, row 2 has no token at all.
    expect(value(spanExtraction(start, end, ints([2, 0, 0]), ints([3, 2, 0]), { mask }))).toBeCloseTo(first, 5);
    expect(value(spanExtraction(start, end, ints([-1, -1, -1]), ints([1, 1, 1])))).toBe(0);
  });

  it('the likeliest span begins before it ends, is short enough and allowed', () => {
    const start = tensor([
      [0, 1, 5, 0],
      [0, 1, 5, 0],
    ]);
    const end = tensor([
      [9, 3, 0, 2],
      [9, 3, 0, 2],
    ]);
    const found = (options = {}) => tidy(() => Object.values(likeliestSpans(start, end, options)).map((x) => [...x.dataSync()]));
    expect(found()).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(
      found({
        mask: tensor([
          [0, 1, 1, 1],
          [0, 1, 1, 0],
        ]),
      }),
    ).toEqual([
      [2, 2],
      [3, 2],
    ]);
    expect(
      found({
        mask: tensor([
          [0, 1, 1, 1],
          [0, 1, 1, 1],
        ]),
        longest: 1,
      }),
    ).toEqual([
      [2, 2],
      [2, 2],
    ]);
  });

  it('sequence cross-entropy: tokens or sequences are counted once', () => {
    const [x, y] = [sampleTensor([2, 3, 4]), [2, 1, 0, 3, 0, 0]];
    const mask = tensor([1, 1, 1, 1, 0, 0], [2, 3]);
    const tags = [2, 1, 0, 3, -1, -1];
    expect(value(sequenceCrossEntropy(x, ints(y, [2, 3]), { mask }))).toBeCloseTo(value(taggingCrossEntropy(x, ints(tags, [2, 3]))), 6);
    const row = (i: number) => value(taggingCrossEntropy(slice(x, [i, 0, 0], [1, 3, 4]), ints(tags.slice(3 * i, 3 * i + 3), [1, 3])));
    expect(value(sequenceCrossEntropy(x, ints(y, [2, 3]), { mask, per: 'sequence' }))).toBeCloseTo((row(0) + row(1)) / 2, 5);
    expect(value(sequenceCrossEntropy(x, ints(y, [2, 3]), { mask: tensor(new Float32Array(6), [2, 3]), per: 'sequence' }))).toBe(0);
  });

  it('distillation is 0 for what the teacher says, up to a constant', () => {
    const teacher = sampleTensor([3, 4]);
    expect(Math.abs(value(distillation(add(teacher, 2), teacher)))).toBeLessThan(1e-6);
  });

  it('names what does not fit', () => {
    const code = (name: string) => expect.objectContaining({ code: name });
    const x = sampleTensor([2, 3]);
    expect(() => focal(x, ints([0]))).toThrow(code('shape_mismatch'));
    expect(() => focal(x, ints([0, 1]), { gamma: -1 })).toThrow(code('bad_option'));
    expect(() => binaryFocal(x, x, { alpha: 2 })).toThrow(code('bad_option'));
    expect(() => quantile(x, tensor([1, 2]), { quantiles: [0.5] })).toThrow(code('shape_mismatch'));
    expect(() => quantile(x, x, { quantiles: 1 })).toThrow(code('bad_option'));
    expect(() => infoNce(tensor([1]), tensor([1]))).toThrow(code('shape_mismatch'));
    expect(() => infoNce(x, x, { temperature: 0 })).toThrow(code('bad_option'));
    expect(() => supervisedContrastive(x, ints([1]))).toThrow(code('shape_mismatch'));
    expect(() => dice(x, x, { smooth: 0 })).toThrow(code('bad_option'));
    expect(() => likeliestSpans(x, x, { longest: 0 })).toThrow(code('bad_option'));
  });
});

/** Losses where there is nothing to choose from, with the shape of x; what they cost for x = ±1e4 by turns is 0, or given for the first sign. */
const degenerate: readonly (readonly [name: string, loss: (x: Tensor) => Tensor, shape: number[], costs?: readonly [number, number]])[] = [
  ['cross-entropy, one class', (x) => crossEntropy(x, ints([0, 0])), [2, 1]],
  ['cross-entropy, one class, smoothed', (x) => crossEntropy(x, ints([0, 0]), { labelSmoothing: 0.1 }), [2, 1]],
  ['cross-entropy, one class, soft', (x) => crossEntropy(x, tensor([[1], [1]])), [2, 1]],
  ['focal, one class', (x) => focal(x, ints([0, 0])), [2, 1]],
  ['multi-class hinge, one class', (x) => multiClassHinge(x, ints([0, 0])), [2, 1]],
  ['multi-class hinge, one class, squared', (x) => multiClassHinge(x, ints([0, 0]), { squared: true }), [2, 1]],
  ['distillation, one class', (x) => distillation(x, tensor([[1e4], [-1e4]])), [2, 1]],
  ['sequence cross-entropy, one class', (x) => sequenceCrossEntropy(x, ints([0, 0], [1, 2])), [1, 2, 1]],
  ['tagging cross-entropy, one class', (x) => taggingCrossEntropy(x, ints([0, -1], [1, 2])), [1, 2, 1]],
  ['CRF, one tag', (x) => crf(x, ints([0, 0], [1, 2]), { transitions: tensor([[1e4]]) }), [1, 2, 1]],
  [
    'CRF, one token',
    (x) =>
      crf(x, ints([0], [1, 1]), {
        transitions: tensor([
          [1, 0],
          [0, 1],
        ]),
      }),
    [1, 1, 2],
    [0, 2e4],
  ],
  ['spans, one token', (x) => spanExtraction(x, mul(x, -1), ints([0, 0]), ints([0, 0])), [2, 1]],
  ['supervised contrastive, one row', (x) => supervisedContrastive(x, ints([0])), [1, 2]],
  ['NT-Xent, one row', (x) => ntXent(x, mul(x, -1)), [1, 2]],
  ['InfoNCE, one row', (x) => infoNce(x, mul(x, -1), { symmetric: true }), [1, 2]],
  ['multiple negatives, one row', (x) => multipleNegativesRanking(x, mul(x, -1)), [1, 2]],
  ['multiple negatives, one row, products', (x) => multipleNegativesRanking(x, mul(x, -1), { similarity: 'dot' }), [1, 2]],
  // One threshold, one label: the two rows are right or wrong together.
  ['CORN, one threshold', (x) => corn(x, ints([1, 0])), [2, 1], [0, 1e4]],
  ['CORAL, one threshold', (x) => coral(x, ints([1, 0])), [2, 1], [0, 1e4]],
  ['binary cross-entropy, one label', (x) => binaryCrossEntropy(x, tensor([[1], [0]])), [2, 1], [0, 1e4]],
  ['binary cross-entropy, smoothed', (x) => binaryCrossEntropy(x, tensor([1, 0]), { labelSmoothing: 0.1 }), [2], [500, 9500]],
  ['binary focal, one label', (x) => binaryFocal(x, tensor([[1], [0]]), { alpha: undefined }), [2, 1], [0, 1e4]],
];

describe.each(degenerate.map(([name, loss, shape, costs = [0, 0]]) => ({ name, loss, shape, costs })))(
  '$name',
  ({ loss, shape, costs }) => {
    const first = (x: Tensor) => engine().gradients(() => loss(x), [x], undefined, true).grads[0] ?? zerosLike(x);
    const second = (x: Tensor) => {
      const along = () => sum(mul(first(x), sampleTensor(shape, 5)));
      return engine().gradients(along, [x], undefined, true).grads[0] ?? zerosLike(x);
    };

    it.each([1e4, -1e4])('costs what it should at x = ±%f, with finite first and second derivatives', (scale) => {
      tidy(() => {
        const x = tensor([scale, -scale], shape as [number]);
        const [cost] = loss(x).dataSync();
        const expected = costs[scale > 0 ? 0 : 1]!;
        expect(Math.abs(cost! - expected)).toBeLessThanOrEqual(1e-5 * expected);
        for (const same of [x, tensor([scale, scale], shape as [number]), zerosLike(x)])
          for (const number of [loss, first, second].flatMap((f) => [...f(same).dataSync()])) expect(number).toSatisfy(Number.isFinite);
      });
    });
  },
);
