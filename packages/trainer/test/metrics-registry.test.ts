import { hostArray } from '@taskloom/core';
import { describe, expect, test } from 'vitest';
import { metricOf, metrics } from '../src/metrics/registry';
import { rougeL, rougeN } from '../src/metrics/rouge';
import type { TaskOutputs } from '../src/types';

const ints = (values: number[], shape?: number[]) => hostArray(Int32Array.from(values), shape);
const floats = (values: number[], shape?: number[]) => hostArray(Float32Array.from(values), shape);

describe('metrics by name', () => {
  const classification: TaskOutputs = {
    kind: 'classification',
    labels: ['a', 'b', 'c'],
    batches: [
      { target: ints([0, 1]), predictions: { label: ints([0, 0]), probabilities: floats([0.8, 0.1, 0.1, 0.5, 0.4, 0.1], [2, 3]) } },
      { target: ints([1]), predictions: { label: ints([1]), probabilities: floats([0.2, 0.7, 0.1], [1, 3]) } },
    ],
  };

  test('read classes over all batches', () => {
    expect(metrics.accuracy!.compute(classification)).toBeCloseTo(2 / 3);
    // F1: a 2/3, b 2/3, c 0, for c is a class too.
    expect(metrics.macroF1!.compute(classification)).toBeCloseTo(4 / 9);
    expect(metrics.microF1!.compute(classification)).toBeCloseTo(2 / 3);
    expect(metrics.logLoss!.compute(classification)).toBeCloseTo(-(Math.log(0.8) + Math.log(0.4) + Math.log(0.7)) / 3, 5);
    expect(metrics.auroc!.compute(classification)).toBeCloseTo(1);
  });

  test('read several labels a row at probability ½', () => {
    const outputs: TaskOutputs = {
      kind: 'multiLabel',
      batches: [{ target: floats([1, 0, 1, 1], [2, 2]), predictions: { probabilities: floats([0.9, 0.6, 0.2, 0.7], [2, 2]) } }],
    };
    expect(metrics.microF1!.compute(outputs)).toBeCloseTo(4 / 6);
    expect(metrics.macroF1!.compute(outputs)).toBeCloseTo((2 / 3 + 2 / 3) / 2);
    expect(metrics.hammingLoss!.compute(outputs)).toBeCloseTo(0.5);
  });

  test("read a head's own decisions, and the ranking of labels", () => {
    const outputs: TaskOutputs = {
      kind: 'multiLabel',
      batches: [
        {
          target: floats([1, 0, 0, 0, 0, 0, 1, 0, 0], [3, 3]),
          predictions: {
            probabilities: floats([0.2, 0.6, 0.7, 0.3, 0.2, 0.7, 0.1, 0.7, 0.7], [3, 3]),
            decisions: ints([1, 0, 0, 1, 0, 0, 0, 0, 1], [3, 3]),
          },
        },
      ],
    };
    // Label 0: one right of two given and of two wanted; label 2: one given, none wanted.
    expect(metrics.macroF1!.compute(outputs)).toBeCloseTo(1 / 2 / 3);
    expect(metrics.microF1!.compute(outputs)).toBeCloseTo(2 / 5);
    // Label 0 alone has positives, at ranks 2 and 3.
    expect(metrics.macroAveragePrecision!.compute(outputs)).toBeCloseTo((1 / 2 + 2 / 3) / 2);
  });

  test('read values, or ordinal labels as values', () => {
    const values: TaskOutputs = { kind: 'regression', batches: [{ target: floats([1, 2, 4]), predictions: { value: floats([1, 3, 3]) } }] };
    expect(metrics.meanAbsoluteError!.compute(values)).toBeCloseTo(2 / 3);
    expect(metrics.spearman!.compute(values)).toBeCloseTo(Math.sqrt(3) / 2);
    const ordinal: TaskOutputs = {
      kind: 'ordinal',
      labels: ['low', 'mid', 'high'],
      batches: [{ target: ints([0, 2]), predictions: { label: ints([0, 1]), probabilities: floats([1, 0, 0, 0, 1, 0], [2, 3]) } }],
    };
    expect(metrics.meanAbsoluteError!.compute(ordinal)).toBeCloseTo(0.5);
    expect(metrics.quadraticKappa!.compute(ordinal)).toBeCloseTo(1 - 1 / ((1 + 4 + 1) / 2));
    expect(metrics.meanAbsoluteError!.higherIsBetter).toBe(false);
  });

  test('read tags of batches of different length, ignoring −1', () => {
    const outputs: TaskOutputs = {
      kind: 'tagging',
      labels: ['O', 'B-x', 'I-x', 'B-y'],
      batches: [
        { target: ints([1, 2, 0, -1], [1, 4]), predictions: { tags: ints([1, 2, 0, 3], [1, 4]) } },
        { target: ints([3, -1, 0, 1, -1, -1], [2, 3]), predictions: { tags: ints([1, 0, 0, 1, 2, 0], [2, 3]) } },
      ],
    };
    expect(metrics.tokenAccuracy!.compute(outputs)).toBeCloseTo(5 / 6);
    // Targets x[0,1], y[0], x[0]; predicted x[0,1], x[0], x[0].
    expect(metrics.spanF1!.compute(outputs)).toBeCloseTo(2 / 3);
  });

  test('read pairs', () => {
    const binary: TaskOutputs = {
      kind: 'pairSimilarity',
      batches: [
        {
          target: floats([1, 0, 1]),
          predictions: { label: ints([1, 1, 0]), probabilities: floats([0.2, 0.8, 0.4, 0.6, 0.7, 0.3], [3, 2]) },
        },
      ],
    };
    expect(metrics.f1!.compute(binary)).toBeCloseTo(0.5);
    expect(metrics.averagePrecision!.compute(binary)).toBeCloseTo((1 + 2 / 3) / 2);
    expect(metrics.accuracy!.compute(binary)).toBeCloseTo(1 / 3);
  });

  test('name what is unknown', () => {
    expect(() => metricOf('acuracy', 'topic')).toThrowError(/'topic'.*'acuracy'/);
    expect(() => metricOf('toString', 'topic')).toThrowError(/does not exist/);
    expect(() => metrics.spanF1!.compute({ ...classification, kind: 'classification' })).toThrowError();
  });
});

test('ROUGE on the pair of Lin (2004)', () => {
  // Reference "police killed the gunman": S2 shares "police the gunman" in order, S3 only "the gunman".
  expect(rougeL('police kill the gunman', 'police killed the gunman')).toMatchObject({ precision: 0.75, recall: 0.75 });
  expect(rougeL('the gunman kill police', 'police killed the gunman').recall).toBe(0.5);
  expect(rougeN('police kill the gunman', 'police killed the gunman', 2).f1).toBeCloseTo(1 / 3);
  expect(rougeL('', 'words')).toEqual({ precision: 0, recall: 0, f1: 0 });
});
