import { type Branch, type MultiTaskModel, type MultiTaskParams, type Params, run } from '@taskloom/core';
import type { ExportOptions } from '@taskloom/onnx';
import { range, reshape, slice, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core';
import { type InputShape, paddedLength } from '../features';
import type { ResolvedConfig } from '../schema';
import { isPairTask } from '../source-plan';

/** The input that names the rows of each pair; there where a task is about pairs. */
export const pairsInput = 'pairs';

/** A model's predictions as a function of named tensors, with the names of its axes. */
export interface PredictionGraph extends Pick<ExportOptions, 'inputs' | 'dynamicAxes' | 'maxSizes'> {
  readonly predict: (inputs: { readonly [name: string]: Tensor }) => Branch<Tensor>;
}

export interface GraphParts {
  readonly config: ResolvedConfig;
  readonly shape: InputShape;
  readonly model: MultiTaskModel;
  readonly params: MultiTaskParams;
  readonly buffers: Params;
}

/**
 * The features' ids of N texts, and P pairs of them where tasks are about pairs → what every head predicts, named `task/label`, `task/probabilities`, …:
 * tasks about one text for each of the N, those about two for each of the P.
 */
export function predictionGraph({ config, shape, model, params, buffers }: GraphParts): PredictionGraph {
  const inputs = inputsOf(shape);
  const pairs = config.tasks.some(isPairTask);
  return {
    inputs: { ...inputs, ...(pairs ? { [pairsInput]: { shape: [0, 2], dtype: 'int32' as const } } : {}) },
    dynamicAxes: {
      ...Object.fromEntries(Object.keys(inputs).map((name) => [name, { 0: 'texts', 1: lengthName(shape, name) }])),
      ...(pairs ? { [pairsInput]: { 0: 'pairs' } } : {}),
    },
    // Learned positions end somewhere.
    ...(config.trunk.kind === 'transformer' ? { maxSizes: { time: paddedLength(config.features.maxTokens) } } : {}),
    predict(given) {
      const { [pairsInput]: named, ...ids } = given;
      const texts = Object.values(ids)[0]!.shape[0]!;
      const single = { index: range(0, texts, 1, 'int32') as Tensor1D };
      const couple = named && { index: column(named, 0), pair: column(named, 1) };
      const tasks = Object.fromEntries(config.tasks.map((task) => [task.name, isPairTask(task) ? couple! : single]));
      const { output } = run(model, params, { inputs: ids as Branch<Tensor>, tasks }, { buffers });
      return Object.fromEntries(
        config.tasks.map(({ name }) => {
          const head = model.heads[name]!;
          return [name, head.scores ? head.scores(output[name]!) : head.predict(output[name]!)];
        }),
      );
    },
  };
}

function inputsOf(shape: InputShape): { readonly [name: string]: { readonly shape: readonly number[]; readonly dtype: 'int32' } } {
  if (shape.kind === 'tokens') return { ids: { shape: [0, 0, ...(shape.perToken === undefined ? [] : [shape.perToken])], dtype: 'int32' } };
  return Object.fromEntries(Object.keys(shape.sizes).map((bag) => [bag, { shape: [0, 0], dtype: 'int32' as const }]));
}

function lengthName(shape: InputShape, input: string): string {
  return shape.kind === 'tokens' ? 'time' : `${input}_length`;
}

function column(pairs: Tensor, at: number): Tensor1D {
  const rows = pairs.shape[0]!;
  return reshape(slice(pairs, [0, at], [rows, 1]), [rows]) as Tensor1D;
}
