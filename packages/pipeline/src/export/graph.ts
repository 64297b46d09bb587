import { type Branch, type MultiTaskModel, type MultiTaskParams, type Params, run } from '@taskloom/core';
import type { ExportOptions } from '@taskloom/onnx';
import { range, reshape, slice, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core';
import { featuresByForm, type InputShape, inputsOf, paddedLength } from '../features';
import { encodersOf, type ResolvedConfig } from '../schema';
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
  const axes = inputsOf(shape);
  const inputs = Object.fromEntries(
    Object.entries(axes).map(([name, all]) => [
      name,
      { shape: all.map((axis) => (typeof axis === 'number' ? axis : 0)), dtype: 'int32' as const },
    ]),
  );
  const pairs = config.tasks.some(isPairTask);
  return {
    inputs: { ...inputs, ...(pairs ? { [pairsInput]: { shape: [0, 2], dtype: 'int32' as const } } : {}) },
    dynamicAxes: {
      ...Object.fromEntries(
        Object.entries(axes).map(([name, all]) => [
          name,
          Object.fromEntries(all.flatMap((axis, i) => (typeof axis === 'string' ? [[i, axis]] : []))),
        ]),
      ),
      ...(pairs ? { [pairsInput]: { 0: 'pairs' } } : {}),
    },
    // Learned positions end somewhere, and so does what a state reaches.
    ...(encodersOf(config.trunk).some(({ encoder }) => encoder.kind === 'transformer' || encoder.kind === 'recurrent')
      ? { maxSizes: { time: paddedLength(featuresByForm(config).tokens!.maxTokens) } }
      : {}),
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

function column(pairs: Tensor, at: number): Tensor1D {
  const rows = pairs.shape[0]!;
  return reshape(slice(pairs, [0, at], [rows, 1]), [rows]) as Tensor1D;
}
