import { type LossWeighting, type Scalarization, TaskloomError } from '@taskloom/core';
import { clone, customGrad, mean, mul, scalar, stack, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { fixed } from '../fixed';
import type { TaskValues } from '../task-values';
import { hostWeigher, scalarizationWeigher, type Weigher } from './weigher';

type LossFunction = (target: Tensor, prediction: Tensor) => Tensor;

/** What is needed of a compiled tf.LayersModel. */
export interface CompiledModel {
  readonly outputNames: readonly string[];
  readonly metricsNames: readonly string[];
  lossFunctions: LossFunction[];
}

export interface CompileLossOptions {
  /** Of Adam on a scalarization's own parameters, as those of `uncertainty`. Default 0.01. */
  readonly learningRate?: number;
  /** Of random draws. Default 0. */
  readonly seed?: number | string;
}

export interface CompiledLoss {
  /** For `model.fit`: tells the weighting which epoch it is. */
  readonly callbacks: { onEpochBegin(epoch: number): Promise<void>; onEpochEnd(epoch: number): Promise<void> };
  /** The weights of the last training step, by output. */
  weights(): { [output: string]: number };
  /** The losses of the last pass, by output, without weights. */
  losses(): { [output: string]: number };
  /** Gives the model its own losses back, and frees what this holds. */
  dispose(): void;
}

/**
 * Makes `fit`, `trainOnBatch` and `evaluate` of a tf.LayersModel with several outputs weigh its losses, which TensorFlow.js leaves out of `compile`
 * (tensorflow/tfjs#25). Call it after `model.compile`, and again after each further one. `weighting`: numbers by output (Keras' `lossWeights`), a
 * loss weighting, or a scalarization, whose own parameters Adam then trains along.
 *
 * Each output's loss is reported as it is, `loss` is the weighted total. Validation results come under their own names: with several outputs
 * tfjs-layers 4.22 shifts them (`val_loss` is the first output's loss, `val_<output>_loss` a partial sum). Class weights count in the
 * gradient, but neither in the losses that the weighting sees nor in the total reported. A step reads its losses back from the backend once.
 *
 * Throws `not_compiled` for a model without losses, `unsupported` for a weighting that wants the losses after each step (FAMO).
 */
export function compileLoss(
  model: CompiledModel,
  weighting: TaskValues | Scalarization | LossWeighting,
  { learningRate = 0.01, seed = 0 }: CompileLossOptions = {},
): CompiledLoss {
  const outputs = model.outputNames;
  const own = (model.lossFunctions ?? []).map((loss) => originals.get(loss) ?? loss).slice(0, outputs.length);
  if (own.length !== outputs.length)
    throw new TaskloomError('not_compiled', 'The model has no loss for each of its outputs.', {
      name: 'model',
      expected: outputs,
      got: own.length,
      remedy: 'Call model.compile({ optimizer, loss }) before.',
    });
  const weigher = weigherOf(weighting, outputs, learningRate, seed);

  const means: Tensor[] = [];
  let losses: Float64Array = new Float64Array(outputs.length);
  let weights: Float64Array = new Float64Array(outputs.length);
  let commit: (() => void) | undefined;

  const scaled = (loss: Tensor, i: number) =>
    customGrad((x) => ({
      value: clone(x as Tensor),
      gradFunc: (dy: Tensor) => {
        // Only training has a backward pass, and by then all losses are known.
        commit?.();
        commit = undefined;
        return mul(dy, weights[i]!);
      },
    }))(loss);
  const weighed = own.map((lossOf, i): LossFunction => {
    const wrapped: LossFunction = (target, prediction) => {
      const loss = lossOf(target, prediction);
      means[i] = mean(loss);
      return scaled(loss, i);
    };
    originals.set(wrapped, lossOf);
    return wrapped;
  });
  /** tfjs-layers adds up what all loss functions give, and reports those of outputs alone: so one more can turn the sum into the total. */
  const correction: LossFunction = () => {
    losses = Float64Array.from(tidy(() => stack(means).dataSync()));
    const result = weigher.weigh(losses);
    commit = () => {
      weights = result.weights;
      result.commit();
    };
    return scalar(result.total - losses.reduce((a, b) => a + b, 0));
  };
  model.lossFunctions = [...weighed, correction];
  const restoreTests = alignTests(model);

  const byOutput = (values: ArrayLike<number>) => Object.fromEntries(outputs.map((output, i) => [output, values[i]!]));
  return {
    callbacks: {
      onEpochBegin: async (epoch) => weigher.beginEpoch(epoch),
      onEpochEnd: async () => weigher.endEpoch(),
    },
    weights: () => byOutput(weights),
    losses: () => byOutput(losses),
    dispose() {
      model.lossFunctions = own;
      restoreTests();
      weigher.dispose();
    },
  };
}

/** What was wrapped, so that a second call wraps the model's own losses and not the first one's. */
const originals = new WeakMap<LossFunction, LossFunction>();

function weigherOf(
  weighting: TaskValues | Scalarization | LossWeighting,
  outputs: readonly string[],
  learningRate: number,
  seed: number | string,
): Weigher {
  // An output may be called 'kind'.
  if (!('kind' in weighting) || typeof weighting.kind !== 'string') return hostWeigher(fixed(weighting as TaskValues), outputs, seed);
  const method = weighting as Scalarization | LossWeighting;
  if (method.kind === 'scalarization') return scalarizationWeigher(method, outputs, learningRate);
  if (method.kind === 'loss-weighting' && !method.afterStep) return hostWeigher(method, outputs, seed);
  throw new TaskloomError('unsupported', `'${method.name}' needs more than the losses of a step, which is all that model.fit has.`, {
    name: 'weighting',
    expected: 'a scalarization, a loss weighting or numbers by output',
    remedy: 'Train with @taskloom/trainer, or with multiTaskGradients in a loop of your own.',
  });
}

interface WithTestFunction {
  makeTestFunction(): void;
  testFunction: (data: Tensor[]) => Tensor[];
}

/** Of an evaluation only the whole total and the metrics, as `metricsNames` says; some versions of tfjs-layers put partial sums before them. */
function alignTests(model: CompiledModel): () => void {
  const inner = model as CompiledModel & Partial<WithTestFunction>;
  if (typeof inner.makeTestFunction !== 'function') return () => {};
  const make = aligned.get(inner) ?? inner.makeTestFunction;
  aligned.set(inner, make);
  inner.makeTestFunction = function (this: CompiledModel & WithTestFunction) {
    make.call(this);
    const test = this.testFunction;
    this.testFunction = (data) => {
      const results = test(data);
      const partial = results.length - this.metricsNames.length;
      for (const result of results.slice(0, Math.max(0, partial))) result.dispose();
      return results.slice(Math.max(0, partial));
    };
  };
  return () => {
    delete inner.makeTestFunction;
    aligned.delete(inner);
  };
}

const aligned = new WeakMap<object, () => void>();
