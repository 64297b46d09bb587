import { type HostBatch, hostArray, hostRandom, type ModelParts, type MultiTaskModel, type TaskHead } from '@taskloom/core';
import {
  add,
  argMax,
  div,
  exp,
  log,
  matMul,
  maximum,
  mean,
  mul,
  neg,
  oneHot,
  relu,
  type Scalar,
  softmax,
  square,
  squeeze,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  tanh,
} from '@tensorflow/tfjs-core';
import type { Dataset } from '../src/types';

const width = 8;

function dense(inputs: number, outputs: number) {
  return {
    init: (random: { normal(shape: readonly number[]): Tensor; fold(id: string): { normal(shape: readonly number[]): Tensor } }) => ({
      bias: mul(random.fold('bias').normal([outputs]), 0),
      kernel: mul(random.fold('kernel').normal([inputs, outputs]), 1 / Math.sqrt(inputs)),
    }),
    apply: (params: { [name: string]: unknown }, x: Tensor) => add(matMul(x as never, params.kernel as never), params.bias as Tensor),
  };
}

function weightedMean(losses: Tensor, weight: Tensor1D): Scalar {
  return div(sum(mul(losses, weight)), maximum(sum(weight), 1e-6)) as Scalar;
}

export function head(kind: 'classification' | 'regression', outputs: number): TaskHead {
  const layer = dense(width, outputs);
  const isClass = kind === 'classification';
  return {
    kind,
    config: isClass ? { kind, labels: ['no', 'yes'] } : { kind },
    metrics: isClass ? ['accuracy', 'macroF1'] : ['meanAbsoluteError', 'pearson'],
    init: (random) => layer.init(random),
    apply: (params, { pooled }) => layer.apply(params, pooled),
    loss(output, target, weight) {
      if (!isClass) return weightedMean(square(sub(squeeze(output, [1]), target as Tensor)), weight);
      const logNormalizer = log(sum(exp(output), 1));
      const own = sum(mul(output, oneHot(target as Tensor1D, 2)), 1);
      return weightedMean(sub(logNormalizer, own), weight);
    },
    predict: (output): { [name: string]: Tensor } =>
      isClass ? { label: argMax(output, 1), probabilities: softmax(output) } : { value: squeeze(output, [1]) },
  };
}

/** Two heads on one dense trunk, with a buffer that counts passes, and an auxiliary loss on demand. */
export function toyModel({ auxiliary = false } = {}): MultiTaskModel {
  const layer = dense(2, width);
  const heads: { [task: string]: TaskHead } = { side: head('classification', 2), value: head('regression', 1) };
  const trunk: MultiTaskModel['trunk'] = {
    config: {},
    init: (random) => layer.init(random),
    apply: (params, x) => ({ pooled: tanh(layer.apply(params, x as Tensor)) }),
  };
  const parts: ModelParts = {
    features(params, inputs, context) {
      const encoding = trunk.apply(params.shared, inputs, context.child('shared'));
      if (context.training) context.update('passes', add(context.buffer('passes'), 1));
      if (auxiliary) context.loss('size', mul(mean(square(encoding.pooled)), 0.01) as Scalar);
      // A little noise, so that the key of the step matters.
      return { pooled: context.training ? add(encoding.pooled, mul(context.random().normal([1, width]), 0.01)) : encoding.pooled };
    },
    heads: (params, features, tasks, context) =>
      Object.fromEntries(Object.keys(tasks).map((task) => [task, heads[task]!.apply(params.tasks[task]!, features, context.child(task))])),
  };
  return {
    trunk,
    heads,
    config: {},
    buffers: () => ({ passes: mul(hostScalar(), 1) }),
    init: (random) => ({
      shared: trunk.init(random.fold('shared')),
      tasks: Object.fromEntries(Object.keys(heads).map((task) => [task, heads[task]!.init(random.fold(task))])),
    }),
    parts,
    apply: (params, { inputs, tasks }, context) => parts.heads(params, parts.features(params, inputs, context), tasks, context),
  };
}

function hostScalar(): Tensor {
  return neg(relu(neg(mul(0, 0))));
}

/** Points of the plane: is x₀ > x₁, and x₀ + x₁. Source `both` has both labels (some missing), `sides` the first only. */
export function toyDataset(seed: string, sizes: { [source: string]: number } = { both: 120, sides: 40 }): Dataset {
  const sources = Object.entries(sizes).map(([name, size]) => ({ name, size, tasks: name === 'sides' ? ['side'] : ['side', 'value'] }));
  const points = new Map(sources.map(({ name, size }) => [name, hostRandom(`${seed}/${name}`).normal(2 * size)]));
  return {
    sources,
    batch(source, rows, size): HostBatch {
      const own = points.get(source)!;
      const inputs = new Float32Array(2 * size);
      const [side, value] = [new Int32Array(size), new Float32Array(size)];
      const [sideWeight, valueWeight] = [new Float32Array(size), new Float32Array(size)];
      rows.forEach((row, i) => {
        const [a, b] = [own[2 * row]!, own[2 * row + 1]!];
        inputs.set([a, b], 2 * i);
        side[i] = Number(a > b);
        value[i] = a + b;
        sideWeight[i] = 1;
        valueWeight[i] = source === 'both' && row % 5 !== 0 ? 1 : 0;
      });
      const index = hostArray(Int32Array.from({ length: size }, (_, i) => i));
      return {
        inputs: hostArray(inputs, [size, 2]),
        tasks: {
          side: { index, target: hostArray(side), weight: hostArray(sideWeight) },
          value: { index, target: hostArray(value), weight: hostArray(valueWeight) },
        },
      };
    },
  };
}
