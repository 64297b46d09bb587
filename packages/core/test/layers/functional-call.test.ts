import '@tensorflow/tfjs-backend-cpu';
import { expectTraceable, onBackends } from '@taskloom/testing';
import {
  add,
  cast,
  memory,
  mul,
  ones,
  type Scalar,
  setBackend,
  sub,
  sum,
  type Tensor,
  tensor,
  tidy,
  zerosLike,
} from '@tensorflow/tfjs-core';
import {
  input,
  type LayersModel,
  layers,
  model as layersModel,
  regularizers,
  type SymbolicTensor,
  sequential,
} from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { valueAndGradients } from '../../src/gradients';
import { assignParams, functionalCall, paramsOf } from '../../src/layers';
import { countParams, equals, flatten, mapParams, merge, type Params } from '../../src/params';
import { random } from '../../src/random';
import { expectDerivatives, weighted } from '../derivatives';

beforeAll(() => setBackend('cpu'));

const normal = (seed: string, shape: number[]) => random(seed).normal(shape);
const ids = (values: number[][]) => tensor(values, undefined, 'int32');

/** Values from our own stream (tfjs-layers starts from Math.random), biases and scales not 0. */
function randomParams(model: LayersModel): Params {
  const { trainable } = paramsOf(model);
  let index = 0;
  return mapParams(trainable, (leaf) => tidy(() => sub(mul(random('parameter').fold(index++).uniform(leaf.shape), 1.2), 0.4)));
}

// The orthogonal initialiser of tfjs-layers calls chained methods, which tfjs-core alone does not have.
const plain = { recurrentInitializer: 'glorotUniform', recurrentActivation: 'sigmoid' } as const;
const text = () => input({ shape: [5], dtype: 'int32' });
const cases: { readonly [name: string]: () => { model: LayersModel; inputs: Tensor | Tensor[]; step?: number; training?: boolean } } = {
  'dense, layer norm, dropout and L2': () => ({
    model: sequential({
      layers: [
        layers.dense({ units: 6, activation: 'tanh', inputShape: [4], kernelRegularizer: regularizers.l2({ l2: 0.1 }) }),
        layers.layerNormalization(),
        layers.dropout({ rate: 0.3 }),
        layers.dense({ units: 3, activation: 'sigmoid' }),
      ],
    }),
    inputs: normal('x', [5, 4]),
    training: true,
  }),
  'convolution, batch norm and max pooling': () => ({
    model: sequential({
      layers: [
        layers.conv2d({ filters: 3, kernelSize: 3, inputShape: [6, 6, 2], padding: 'same' }),
        layers.batchNormalization(),
        layers.activation({ activation: 'tanh' }),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.flatten(),
        layers.dense({ units: 2 }),
      ],
    }),
    inputs: normal('x', [3, 6, 6, 2]),
    step: 5e-4, // the maximum of a pool must not change hands
    training: true,
  }),
  'embedding and LSTM': () => {
    const x = text();
    const embedded = layers.embedding({ inputDim: 7, outputDim: 3 }).apply(x) as SymbolicTensor;
    return {
      model: layersModel({
        inputs: x,
        outputs: layers.lstm({ ...plain, units: 4 }).apply(embedded) as SymbolicTensor,
      }),
      inputs: ids([
        [1, 2, 3, 0, 1],
        [4, 5, 6, 6, 2],
      ]),
    };
  },
  'embedding with a mask and GRU': () => {
    const x = text();
    const embedded = layers.embedding({ inputDim: 7, outputDim: 3, maskZero: true }).apply(x) as SymbolicTensor;
    const encoded = layers.gru({ ...plain, units: 2 }).apply(embedded) as SymbolicTensor;
    return {
      model: layersModel({ inputs: x, outputs: encoded }),
      inputs: ids([
        [1, 2, 3, 0, 0],
        [4, 5, 6, 6, 2],
      ]),
    };
  },
  'bidirectional GRU': () => ({
    model: sequential({
      layers: [
        layers.bidirectional({
          layer: layers.gru({ ...plain, units: 3 }) as never,
          mergeMode: 'concat',
          inputShape: [4, 2],
        }),
      ],
    }),
    inputs: normal('x', [2, 4, 2]),
  }),
  'a shared layer and two outputs': () => {
    const [a, b] = [input({ shape: [3] }), input({ shape: [3] })];
    const shared = layers.dense({ units: 4, activation: 'tanh' });
    const [x, y] = [shared.apply(a), shared.apply(b)] as SymbolicTensor[];
    const joined = layers.concatenate().apply([x!, y!]) as SymbolicTensor;
    return {
      model: layersModel({
        inputs: [a, b],
        outputs: [layers.dense({ units: 1 }).apply(joined) as SymbolicTensor, layers.dense({ units: 2 }).apply(x!) as SymbolicTensor],
      }),
      inputs: [normal('a', [4, 3]), normal('b', [4, 3])],
    };
  },
  'a nested model used twice, with batch norm': () => {
    const inner = sequential({ layers: [layers.dense({ units: 3, inputShape: [3], activation: 'tanh' }), layers.batchNormalization()] });
    const a = input({ shape: [3] });
    const once = inner.apply(a) as SymbolicTensor;
    return {
      model: layersModel({ inputs: a, outputs: layers.dense({ units: 2 }).apply(inner.apply(once) as SymbolicTensor) as SymbolicTensor }),
      inputs: normal('a', [4, 3]),
      training: true,
    };
  },
};

describe.each(Object.entries(cases))('functionalCall: %s', (_, make) => {
  it('equals the model, changes nothing and leaks nothing', () => {
    const { model, inputs } = make();
    const own = paramsOf(model);
    const tensors = memory().numTensors;
    const expected = model.predict(inputs as Tensor) as Tensor | Tensor[];
    const result = functionalCall(model, merge(own.trainable, own.nonTrainable), inputs);
    const list = Array.isArray(expected) ? expected : [expected];
    expect(result.outputs.map((output) => [...output.dataSync()])).toEqual(list.map((output) => [...output.dataSync()]));
    expect(memory().numTensors).toBe(tensors + 2 * list.length);
    const training = functionalCall(model, own.trainable, inputs, { training: true, random: random(1) });
    const after = paramsOf(model);
    expect(equals(after.trainable, own.trainable) && equals(after.nonTrainable, own.nonTrainable)).toBe(true);
    expect(memory().numTensors).toBe(tensors + 3 * list.length + flatten(training.updates).size + model.weights.length);
  });

  onBackends(['cpu', 'wasm'], () => {
    it('has right derivatives', () => {
      const { model, inputs, step, training = false } = make();
      const trainable = randomParams(model);
      const loss = (params: Params) => {
        const { outputs, regularization } = functionalCall(model, params, inputs, { training, random: random(3), regularization: true });
        return outputs.map((output) => weighted(output)).reduce((a, b) => add(a, b), regularization!) as Scalar;
      };
      const tensors = memory().numTensors;
      const { first, second } = expectDerivatives(loss, trainable, { step });
      expect(memory().numTensors).toBe(tensors);
      expect(first).not.toBe(0);
      expect(second).not.toBe(0);
    });
  });

  it('is traceable, its gradients too', async () => {
    const { model } = make();
    await expectTraceable(() => {
      const { inputs, training = false } = make();
      valueAndGradients((params) => {
        const { outputs } = functionalCall(model, params, inputs, { training, random: random(3) });
        return outputs.map((output) => sum(output)).reduce((a, b) => add(a, b)) as Scalar;
      }, paramsOf(model).trainable);
    });
  });
});

describe('regularization', () => {
  it.each(['sequential', 'functional'])('is the L2 penalty of the parameters passed: %s', (kind) => {
    const layer = () =>
      layers.dense({ units: 3, inputShape: [2], useBias: false, kernelRegularizer: regularizers.l2({ l2: 0.1 }), name: 'only' });
    const x = input({ shape: [2] });
    const model =
      kind === 'sequential' ? sequential({ layers: [layer()] }) : layersModel({ inputs: x, outputs: layer().apply(x) as SymbolicTensor });
    const { regularization } = functionalCall(model, { only: { kernel: mul(ones([2, 3]), 2) } }, ones([1, 2]), { regularization: true });
    expect(regularization!.dataSync()[0]).toBeCloseTo(0.1 * 6 * 4, 5);
    expect(functionalCall(model, {}, ones([1, 2])).regularization).toBeUndefined();
  });
});

describe('paramsOf and assignParams', () => {
  it('round-trips exactly, by name', () => {
    const { model, inputs } = cases['convolution, batch norm and max pooling']!();
    const { trainable, nonTrainable } = paramsOf(model);
    expect(countParams(trainable) + countParams(nonTrainable)).toBe(model.countParams());
    expect([...flatten(nonTrainable).keys()].map((path) => path.split('/').at(-1))).toEqual(['moving_mean', 'moving_variance']);
    const before = (model.predict(inputs as Tensor) as Tensor).dataSync();
    assignParams(
      model,
      mapParams(trainable, (leaf) => ones(leaf.shape)),
    );
    expect((model.predict(inputs as Tensor) as Tensor).dataSync()).not.toEqual(before);
    assignParams(model, trainable);
    expect(equals(paramsOf(model).trainable, trainable)).toBe(true);
    expect((model.predict(inputs as Tensor) as Tensor).dataSync()).toEqual(before);
  });

  it('refuses weights of one name, and names and shapes that the model does not have', () => {
    const twice = sequential({
      layers: [layers.dense({ units: 2, inputShape: [2], name: 'same' }), layers.dense({ units: 2, name: 'other' })],
    });
    for (const weight of twice.layers[1]!.weights) Object.assign(weight, { originalName: weight.originalName.replace('other', 'same') });
    expect(() => paramsOf(twice)).toThrowError(expect.objectContaining({ code: 'duplicate_name' }));
    const model = sequential({ layers: [layers.dense({ units: 2, inputShape: [2], name: 'only' })] });
    const x = ones([1, 2]);
    expect(() => functionalCall(model, { only: { weight: x } }, x)).toThrowError(expect.objectContaining({ code: 'unknown_parameter' }));
    expect(() => functionalCall(model, { only: { kernel: x } }, x)).toThrowError(expect.objectContaining({ code: 'shape_mismatch' }));
  });
});

describe('state', () => {
  it.each([
    ['convolution, batch norm and max pooling', 2],
    ['a nested model used twice, with batch norm', 2],
  ])('returns the moving statistics that training would have written: %s', (name, count) => {
    const { model, inputs } = cases[name]!();
    const { trainable, nonTrainable } = paramsOf(model);
    const { updates } = functionalCall(model, trainable, inputs, { training: true });
    expect([...flatten(updates).keys()]).toEqual([...flatten(nonTrainable).keys()]);
    expect(flatten(updates).size).toBe(count);
    model.apply(inputs as Tensor, { training: true }); // writes
    expect(equals(paramsOf(model).nonTrainable, updates)).toBe(true);
    expect(equals(updates, nonTrainable)).toBe(false);
  });

  it('threads the states of a stateful LSTM', () => {
    const model = sequential({
      layers: [layers.lstm({ ...plain, units: 3, stateful: true, batchInputShape: [2, 4, 2], name: 'memory', returnSequences: false })],
    });
    const trainable = randomParams(model);
    assignParams(model, trainable);
    const [x, y] = [normal('x', [2, 4, 2]), normal('y', [2, 4, 2])];
    model.resetStates();
    const tensors = memory().numTensors;
    const one = functionalCall(model, trainable, x);
    expect(one.states.memory!.length).toBe(2);
    const two = functionalCall(model, trainable, y, { states: one.states });
    expect(memory().numTensors).toBe(tensors + 2 * (1 + 2));
    model.predict(x);
    const expected = (model.predict(y) as Tensor).dataSync();
    expect(two.outputs[0]!.dataSync()).toEqual(expected);
    const fresh = functionalCall(model, trainable, y, { states: { memory: one.states.memory!.map((state) => zerosLike(state)) } });
    expect(fresh.outputs[0]!.dataSync()).not.toEqual(expected);
    expect(() => functionalCall(model, trainable, y, { states: { other: [] } })).toThrowError(
      expect.objectContaining({ code: 'unknown_layer' }),
    );
    expectDerivatives((params) => weighted(functionalCall(model, params, y, { states: one.states }).outputs[0]!), trainable, { order: 1 });
  });
});

describe('randomness', () => {
  const noisy = () => ({
    dropout: layers.dropout({ rate: 0.5, inputShape: [400] }),
    gaussianNoise: layers.gaussianNoise({ stddev: 0.5, inputShape: [400] }),
    gaussianDropout: layers.gaussianDropout({ rate: 0.2, inputShape: [400] }),
    alphaDropout: layers.alphaDropout({ rate: 0.2, inputShape: [400] }),
  });

  it.each(Object.keys(noisy()) as (keyof ReturnType<typeof noisy>)[])('%s draws from the given stream', (name) => {
    const model = sequential({ layers: [noisy()[name], layers.activation({ activation: 'linear' })] });
    const x = normal('x', [50, 400]);
    const draw = (seed: number) => functionalCall(model, {}, x, { training: true, random: random(seed) }).outputs[0]!;
    expect(draw(1).dataSync()).toEqual(draw(1).dataSync());
    expect(draw(1).dataSync()).not.toEqual(draw(2).dataSync());
    expect(functionalCall(model, {}, x).outputs[0]!.dataSync()).toEqual(x.dataSync());
    expect(() => functionalCall(model, {}, x, { training: true })).toThrowError(expect.objectContaining({ code: 'random_missing' }));
    const values = draw(3).dataSync<'float32'>();
    const mean = values.reduce((a, b) => a + b) / values.length;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
    expect(mean).toBeCloseTo(0, 1);
    expect(variance).toBeCloseTo({ dropout: 2, gaussianNoise: 1.25, gaussianDropout: 1.25, alphaDropout: 1 }[name], 1);
  });

  it('drops whole channels in SpatialDropout1D', () => {
    const model = sequential({
      layers: [layers.spatialDropout1d({ rate: 0.5, inputShape: [6, 8] }), layers.activation({ activation: 'linear' })],
    });
    const y = functionalCall(model, {}, ones([4, 6, 8]), { training: true, random: random(1) }).outputs[0]!;
    const sums = [...tidy(() => sum(cast(y, 'float32'), 1)).dataSync()];
    expect(new Set(sums)).toEqual(new Set([0, 12]));
  });

  it('reaches the masks of recurrent cells, and leaves none behind', () => {
    const model = sequential({ layers: [layers.gru({ ...plain, units: 3, dropout: 0.5, recurrentDropout: 0.5, inputShape: [4, 5] })] });
    const trainable = randomParams(model);
    const x = normal('x', [2, 4, 5]);
    const tensors = memory().numTensors;
    const draw = (seed: number) => functionalCall(model, trainable, x, { training: true, random: random(seed) }).outputs[0]!;
    expect(draw(1).dataSync()).toEqual(draw(1).dataSync());
    expect(draw(1).dataSync()).not.toEqual(draw(2).dataSync());
    expect(memory().numTensors).toBe(tensors + 4);
    expectDerivatives(
      (params) => weighted(functionalCall(model, params, x, { training: true, random: random(5) }).outputs[0]!),
      trainable,
      { order: 1 },
    );
    expect(memory().numTensors).toBe(tensors + 4);
  });
});
