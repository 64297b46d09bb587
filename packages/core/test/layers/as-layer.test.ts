import '@tensorflow/tfjs-backend-cpu';
import {
  add,
  io,
  memory,
  mul,
  ones,
  type Scalar,
  setBackend,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
  tidy,
  train,
  zeros,
} from '@tensorflow/tfjs-core';
import {
  input,
  type LayersModel,
  layers,
  model as layersModel,
  loadLayersModel,
  type SymbolicTensor,
  sequential,
} from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { asLayer, functionalCall, paramsOf } from '../../src/layers';
import type { Module } from '../../src/module';
import { bagOfEmbeddings, dense, type TransformerBlockOptions, transformerBlock } from '../../src/modules';
import { equals, flatten, type Params } from '../../src/params';
import { random } from '../../src/random';
import { expectDerivatives, weighted } from '../derivatives';

beforeAll(() => setBackend('cpu'));

const block = (config: TransformerBlockOptions) => transformerBlock(config);
const transformer = (name?: string) =>
  asLayer({
    className: 'Transformer',
    create: block,
    config: { width: 4, heads: 2, hidden: 5, activation: 'geluTanh' as const },
    input: ([tokens, paddingMask]) => ({ tokens: tokens!, paddingMask }),
    seed: 7,
  })({ name });

/** Bags whose names TensorFlow.js would rewrite between camel and snake case, or refuse in the name of a weight. */
const bags = ['myBag', 'other_bag', 'Wörter & Zeichen'];
const bag = asLayer({
  className: 'Bag',
  create: (config: { width: number; bags: string[] }) => bagOfEmbeddings({ ...config, size: 6, combiner: 'mean' }),
  config: { width: 3, bags },
  input: (tensors) => Object.fromEntries(tensors.map((ids, i) => [bags[i]!, ids])),
});

function transformerModel(): LayersModel {
  const tokens = input({ shape: [null, 4] });
  const mask = input({ shape: [null] });
  const encoded = transformer().apply([tokens, mask]) as SymbolicTensor;
  const pooled = layers.globalAveragePooling1d({}).apply(encoded) as SymbolicTensor;
  return layersModel({ inputs: [tokens, mask], outputs: layers.dense({ units: 1 }).apply(pooled) as SymbolicTensor });
}

async function reloaded(model: LayersModel): Promise<LayersModel> {
  let saved: io.ModelArtifacts | undefined;
  await model.save(
    io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  // Through text, as a file would.
  const topology = JSON.parse(JSON.stringify(saved!.modelTopology));
  return loadLayersModel(io.fromMemory({ ...saved!, modelTopology: topology }));
}

const transformerInputs = () => [
  random('x').normal([2, 3, 4]),
  tensor([
    [1, 1, 1],
    [1, 1, 0],
  ]),
];

describe('asLayer', () => {
  it('saves and loads: same outputs, same weights', async () => {
    const model = transformerModel();
    const inputs = transformerInputs();
    const loaded = await reloaded(model);
    expect((loaded.predict(inputs) as Tensor).dataSync()).toEqual((model.predict(inputs) as Tensor).dataSync());
    const again = await reloaded(loaded);
    expect(again.toJSON(null, false)).toEqual(loaded.toJSON(null, false));
  });

  it('keeps names and values of its config exactly', async () => {
    const inputs = bags.map(() => input({ shape: [null], dtype: 'int32' }));
    const model = layersModel({ inputs, outputs: bag().apply(inputs) as SymbolicTensor });
    expect(model.outputs[0]!.shape).toEqual([null, 3]);
    const ids = [[[1, 2]], [[3]], [[4, -5, 0]]].map((rows) => tensor(rows, undefined, 'int32'));
    const loaded = await reloaded(model);
    expect((loaded.predict(ids) as Tensor).dataSync()).toEqual((model.predict(ids) as Tensor).dataSync());
    const text = (loaded.layers.at(-1)!.getConfig() as { module: string }).module;
    expect(JSON.parse(text).config.bags).toEqual(bags);
  });

  it('starts from its seed and its name', () => {
    const [one, two, other] = [transformer('a'), transformer('a'), transformer('b')];
    for (const layer of [one, two, other])
      layer.build([
        [null, 3, 4],
        [null, 3],
      ]);
    const values = (layer: layers.Layer) => layer.getWeights().map((weight) => [...weight.dataSync()]);
    expect(values(one)).toEqual(values(two));
    expect(values(one)).not.toEqual(values(other));
  });

  it('infers output shapes, open axes too', () => {
    const layer = transformer();
    layer.build([
      [null, null, 4],
      [null, null],
    ]);
    expect(
      layer.computeOutputShape([
        [null, null, 4],
        [null, null],
      ]),
    ).toEqual([null, null, 4]);
    expect(
      layer.computeOutputShape([
        [null, 3, 4],
        [null, 3],
      ]),
    ).toEqual([null, 3, 4]);
  });

  it('learns in fit', async () => {
    const gelu = asLayer({
      className: 'Gelu',
      create: (config: { units: number; inputs: number }) => dense({ ...config, activation: 'gelu' }),
      config: { units: 8, inputs: 2 },
    });
    const model = sequential({ layers: [gelu({ inputShape: [2] }), gelu2()({}), layers.dense({ units: 1, kernelInitializer: 'ones' })] });
    model.compile({ optimizer: train.adam(0.02), loss: 'meanSquaredError' });
    const x = random('x').normal([64, 2]);
    const y = tidy(() => sum(mul(x, x), 1, true));
    const { history } = await model.fit(x, y, { epochs: 30, batchSize: 16, shuffle: false, verbose: 0 });
    const losses = history.loss as number[];
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 5);
  });

  it('is differentiable through functionalCall, dropout included', () => {
    const noisy = asLayer({
      className: 'NoisyBlock',
      create: block,
      config: { width: 4, heads: 2, hidden: 3, dropout: 0.4 },
      input: ([tokens]) => ({ tokens: tokens! }),
    });
    const model = sequential({ layers: [noisy({ inputShape: [3, 4], name: 'noisy' })] });
    const { trainable, nonTrainable } = paramsOf(model);
    expect(flatten(nonTrainable).size).toBe(0);
    expect([...flatten(trainable).keys()]).toContain('noisy/attention/query/kernel');
    const x = random('x').normal([2, 3, 4]);
    const draw = (seed: number) => functionalCall(model, trainable, x, { training: true, random: random(seed) }).outputs[0]!.dataSync();
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    const tensors = memory().numTensors;
    expectDerivatives(
      (p) => weighted(functionalCall(model, p, x, { training: true, random: random(3) }).outputs[0]!) as Scalar,
      trainable,
      { step: 5e-3 },
    );
    expect(memory().numTensors).toBe(tensors);
    expect(equals(paramsOf(model).trainable, trainable)).toBe(true);
  });

  it('writes buffers in training, and hands them out through functionalCall', async () => {
    const centre: Module<Tensor, Tensor> = {
      config: {},
      init: () => ({}),
      buffers: () => ({ mean: zeros([2]) }),
      apply(_, x, context) {
        if (context.training)
          context.update(
            'mean',
            tidy(() => mul(add(context.buffer('mean'), x.shape[0]!), 0.5)),
          );
        return sub(x, context.buffer('mean'));
      },
    };
    const layer = asLayer({ className: 'Centre', create: () => centre, config: null });
    const model = sequential({ layers: [layer({ inputShape: [2], name: 'centre' })] });
    const x = zeros([4, 2]);
    const { outputs, updates } = functionalCall(model, {}, x, { training: true, random: random(1) });
    expect([...outputs[0]!.dataSync()].every((value) => value === -2)).toBe(true);
    expect([...flatten(updates).keys()]).toEqual(['centre/mean']);
    expect([...(model.predict(x) as Tensor).dataSync()].every((value) => value === 0)).toBe(true);
    model.apply(x, { training: true });
    expect([...(model.predict(x) as Tensor).dataSync()].every((value) => value === -2)).toBe(true);
    const loaded = await reloaded(model);
    expect([...(loaded.predict(x) as Tensor).dataSync()].every((value) => value === -2)).toBe(true);
  });

  it('passes auxiliary losses on to fit and functionalCall', async () => {
    const penalized: Module<Tensor, Tensor, { scale: Tensor }> = {
      config: {},
      init: () => ({ scale: tidy(() => mul(ones([1]), 3)) }),
      apply({ scale }, x, context) {
        context.loss('size', sum(square(scale)) as Scalar);
        return mul(x, scale);
      },
    };
    const layer = asLayer({ className: 'Penalized', create: () => penalized as unknown as Module<Tensor, Tensor>, config: null });
    const inner = sequential({ layers: [layer({ inputShape: [1], name: 'penalized' })] });
    const model = sequential({ layers: [inner, layers.activation({ activation: 'linear' })] });
    model.compile({ optimizer: train.sgd(0.1), loss: 'meanSquaredError' });
    const x = zeros([4, 1]);
    await model.fit(x, x, { epochs: 1, verbose: 0 }); // warms the optimiser up
    const scale = () => paramsOf(model).trainable.penalized as { scale: Tensor };
    const [before, tensors] = [scale().scale.dataSync()[0]!, memory().numTensors];
    const { history } = await model.fit(x, x, { epochs: 1, verbose: 0 });
    expect(history.loss![0]).toBeCloseTo(before ** 2, 4);
    expect(memory().numTensors).toBe(tensors);
    expect(scale().scale.dataSync()[0]).toBeCloseTo(before - 0.1 * 2 * before, 4);

    const { trainable } = paramsOf(model);
    const loss = (p: Params) => functionalCall(model, p, x, { training: true, random: random(1), regularization: true }).regularization!;
    const count = memory().numTensors;
    expectDerivatives(loss, trainable);
    expect(memory().numTensors).toBe(count);
    expect(loss(trainable).dataSync()[0]).toBeCloseTo(scale().scale.dataSync()[0]! ** 2, 4);
  });

  it('leaks nothing', () => {
    const model = transformerModel();
    const inputs = transformerInputs();
    const before = memory().numTensors;
    (model.predict(inputs) as Tensor).dispose();
    expect(memory().numTensors).toBe(before);
    model.dispose();
    expect(memory().numTensors).toBe(before - 18);
  });
});

function gelu2() {
  return asLayer({
    className: 'Wide',
    create: (config: { units: number }) => dense({ ...config, inputs: 8, activation: 'gelu' }),
    config: { units: 4 },
  });
}
