import '@tensorflow/tfjs-backend-cpu';
import type { LossWeighting } from '@taskloom/core';
import {
  add,
  log as logOf,
  losses,
  mean,
  memory,
  mul,
  type Scalar,
  setBackend,
  sum,
  type Tensor,
  tensor,
  tensor1d,
  tensor2d,
  train,
  variableGrads,
} from '@tensorflow/tfjs-core';
import { input, type LayersModel, layers, model as modelOf } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { dynamicWeightAverage, famo, log, type TaskValues, uncertainty } from '../../src';
import { compileLoss } from '../../src/layers';

beforeAll(() => setBackend('cpu'));

const rows = 8;
const values = (count: number, seed: number) => Array.from({ length: count }, (_, i) => Math.sin(seed + 1.7 * i));

/** Two outputs: a number (squared error) and one of two classes (cross-entropy by class numbers, with accuracy). */
function built(learningRate = 0.5) {
  const start = input({ shape: [3] });
  const hidden = layers.dense({ units: 4, activation: 'tanh' }).apply(start);
  const size = layers.dense({ units: 1, name: 'size' }).apply(hidden);
  const side = layers.dense({ units: 2, activation: 'softmax', name: 'side' }).apply(hidden);
  const model = modelOf({ inputs: start, outputs: [size, side] as never });
  model.setWeights(model.getWeights().map((weight, i) => tensor(values(weight.size, i), weight.shape)));
  model.compile({
    optimizer: train.sgd(learningRate),
    loss: { size: 'meanSquaredError', side: 'sparseCategoricalCrossentropy' },
    metrics: { side: 'accuracy' },
  });
  return model;
}

const x = () => tensor2d(values(3 * rows, 5), [rows, 3]);
const labels = Array.from({ length: rows }, (_, i) => Number(i % 3 === 0));
const y = () => [tensor2d(values(rows, 9), [rows, 1]), tensor1d(labels)];

/** Both losses by our own hand. */
function lossesOf(model: LayersModel): [Scalar, Scalar] {
  const [size, side] = model.apply(x(), { training: true }) as [Tensor, Tensor];
  const oneHot = tensor2d(
    labels.flatMap((label) => [1 - label, label]),
    [rows, 2],
  );
  return [losses.meanSquaredError(y()[0]!, size) as Scalar, mul(mean(sum(mul(logOf(side), oneHot), 1)), -1) as Scalar];
}

/** The parameters after one plain step on `total`, by variableGrads. */
function stepped(model: LayersModel, total: (size: Scalar, side: Scalar) => Scalar, learningRate = 0.5): number[][] {
  const { grads } = variableGrads(() => total(...lossesOf(model)));
  const variables = model.trainableWeights.map((weight) => (weight as unknown as { val: Tensor & { name: string } }).val);
  return variables.map((variable) => {
    const [from, gradient] = [variable.dataSync(), grads[variable.name]!.dataSync()];
    return Array.from(from, (value, i) => value - learningRate * gradient[i]!);
  });
}

const parametersOf = (model: LayersModel) => model.getWeights().map((weight) => Array.from(weight.dataSync()));

function expectParameters(model: LayersModel, expected: number[][]) {
  for (const [i, own] of parametersOf(model).entries())
    for (const [k, value] of own.entries()) expect(value).toBeCloseTo(expected[i]![k]!, 5);
}

const oneBatch = { batchSize: rows, shuffle: false, verbose: 0 } as const;

describe('compileLoss', () => {
  it('without it, tfjs-layers adds the losses up', async () => {
    const model = built();
    const expected = stepped(model, (size, side) => add(size, side));
    await model.trainOnBatch(x(), y());
    expectParameters(model, expected);
  });

  it.each<[string, TaskValues]>([
    ['by output', { size: 0.25, side: 3 }],
    ['in their order', [0.25, 3]],
  ])('weighs by numbers %s, reports losses as they are and the weighted total', async (_, weights) => {
    const model = built();
    const expected = stepped(model, (size, side) => add(mul(size, 0.25), mul(side, 3)));
    const [size, side] = lossesOf(model).map((loss) => loss.dataSync()[0]!) as [number, number];
    const compiled = compileLoss(model, weights);
    const reported = (await model.trainOnBatch(x(), y())) as number[];
    expectParameters(model, expected);
    expect(reported.slice(0, 3)).toEqual([0.25 * size + 3 * side, size, side].map((value) => expect.closeTo(value, 5)));
    expect(compiled.weights()).toEqual({ size: 0.25, side: 3 });
    expect(compiled.losses()).toEqual({ size: expect.closeTo(size, 5), side: expect.closeTo(side, 5) });
  });

  it('weighs by a scalarization: Σ log L divides each gradient by its loss', async () => {
    const model = built();
    const expected = stepped(model, (size, side) => add(logOf(size), logOf(side)));
    const compiled = compileLoss(model, log());
    const [size, side] = lossesOf(model).map((loss) => loss.dataSync()[0]!) as [number, number];
    const [total] = (await model.trainOnBatch(x(), y())) as number[];
    expectParameters(model, expected);
    expect(total).toBeCloseTo(Math.log(size) + Math.log(side), 5);
    expect(compiled.weights().size).toBeCloseTo(1 / size, 4);
  });

  it("trains a scalarization's own parameters", async () => {
    const model = built(0);
    const compiled = compileLoss(model, uncertainty(), { learningRate: 0.1 });
    const [size, side] = lossesOf(model).map((loss) => loss.dataSync()[0]!) as [number, number];
    await model.trainOnBatch(x(), y());
    expect(compiled.weights()).toEqual({ size: 0.5, side: 0.5 });
    await model.trainOnBatch(x(), y());
    // Adam's first step is the learning rate: log σ² rises where the loss is above 1, and falls below.
    const after = (loss: number) => expect.closeTo(0.5 * Math.exp(loss > 1 ? -0.1 : 0.1), 4);
    expect(compiled.weights()).toEqual({ size: after(size), side: after(side) });
  });

  it('tells a loss weighting of epochs, and fit learns', async () => {
    const model = built(0.2);
    const compiled = compileLoss(model, dynamicWeightAverage());
    const seen: { size: number; side: number }[] = [];
    const { history } = await model.fit(x(), y(), {
      ...oneBatch,
      epochs: 5,
      callbacks: [compiled.callbacks, { onBatchEnd: async () => void seen.push(compiled.weights() as never) }],
    });
    expect(seen.slice(0, 2)).toEqual([
      { size: 1, side: 1 },
      { size: 1, side: 1 },
    ]);
    const ratio = (name: string) => Math.exp((history[name]![1] as number) / (history[name]![0] as number) / 2);
    expect(seen[2]!.size).toBeCloseTo((2 * ratio('size_loss')) / (ratio('size_loss') + ratio('side_loss')), 4);
    expect(history.loss![4]).toBeLessThan(history.loss![0] as number);
  });

  it('evaluates under the right names, without moving the weighting', async () => {
    const model = built(0);
    let steps = 0;
    const counting: LossWeighting<number> = {
      kind: 'loss-weighting',
      name: 'counting',
      needs: ['losses'],
      init: () => 0,
      weigh(_, state) {
        steps = Math.max(steps, state);
        return { weights: Float64Array.of(2, 0.5), state: state + 1 };
      },
    };
    compileLoss(model, counting);
    const [size, side] = lossesOf(model).map((loss) => loss.dataSync()[0]!) as [number, number];
    const expected = [2 * size + 0.5 * side, size, side].map((value) => expect.closeTo(value, 5));
    const results = model.evaluate(x(), y() as never, { batchSize: rows }) as Scalar[];
    expect(results.map((result) => result.dataSync()[0]!).slice(0, 3)).toEqual(expected);
    expect(results).toHaveLength(model.metricsNames.length);
    const { history } = await model.fit(x(), y(), { ...oneBatch, epochs: 3, validationData: [x(), y()] });
    expect(['val_loss', 'val_size_loss', 'val_side_loss'].map((name) => history[name]![0])).toEqual(expected);
    expect(history.val_side_acc![2]).toBeCloseTo(history.side_acc![2] as number, 6);
    // The third step of training was asked with the state of two: evaluations left nothing behind.
    model.evaluate(x(), y() as never, { batchSize: rows });
    expect(steps).toBe(3);
  });

  it('takes the place of an earlier one, gives the losses back, and leaves no tensors', async () => {
    const model = built();
    const own = model.lossFunctions;
    const data = [x(), y()] as const;
    const fit = () => model.fit(data[0], [...data[1]], { ...oneBatch, epochs: 2 });
    await fit();
    const before = memory().numTensors;
    const first = compileLoss(model, uncertainty());
    const second = compileLoss(model, [0, 0]);
    const frozen = parametersOf(model);
    await fit();
    expect(parametersOf(model)).toEqual(frozen);
    first.dispose();
    second.dispose();
    expect(model.lossFunctions).toEqual(own);
    expect(memory().numTensors).toBe(before);
    const learned = compileLoss(model, uncertainty());
    await fit();
    const held = memory().numTensors;
    await fit();
    expect(memory().numTensors).toBe(held);
    learned.dispose();
    expect(memory().numTensors).toBe(before);
  });

  it('works for one output', async () => {
    const start = input({ shape: [3] });
    const model = modelOf({ inputs: start, outputs: layers.dense({ units: 1, name: 'only' }).apply(start) as never });
    model.compile({ optimizer: train.sgd(0), loss: 'meanSquaredError', metrics: ['mae'] });
    const [plain, mae] = (await model.trainOnBatch(x(), y()[0]!)) as number[];
    compileLoss(model, { only: 3 });
    const [total, same] = (await model.trainOnBatch(x(), y()[0]!)) as number[];
    expect(total).toBeCloseTo(3 * plain!, 4);
    expect(same).toBe(mae);
    const results = model.evaluate(x(), y()[0]!) as Scalar[];
    expect(results.map((result) => result.dataSync()[0]!)).toEqual([expect.closeTo(total!, 4), expect.closeTo(mae!, 5)]);
  });

  it('says what it cannot do', () => {
    expect(() => compileLoss(built(), famo())).toThrowError(expect.objectContaining({ code: 'unsupported' }) as never);
    const start = input({ shape: [3] });
    const bare = modelOf({ inputs: start, outputs: layers.dense({ units: 1 }).apply(start) as never });
    expect(() => compileLoss(bare, log())).toThrowError(expect.objectContaining({ code: 'not_compiled' }) as never);
  });
});
