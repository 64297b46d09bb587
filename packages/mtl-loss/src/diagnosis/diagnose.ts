import {
  addParams,
  disposeParams,
  flatten,
  jacobianRows,
  mapParams,
  merge,
  type Optimizer,
  type Params,
  type Pattern,
  select,
  TaskloomError,
  valueAndGradients,
} from '@taskloom/core';
import { sgd } from '@taskloom/core/optimizers';
import {
  abs,
  concat,
  div,
  matMul,
  maximum,
  minimum,
  mul,
  reshape,
  type Scalar,
  scalar,
  slice,
  sqrt,
  square,
  stack,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tidy,
} from '@tensorflow/tfjs-core';
import { type Diagnosis, diagnosisOf } from './diagnosis';
import type { Measurement } from './measurement';

export interface DiagnoseOptions<P extends Params, B> {
  /** The losses of all tasks on a batch, float32 [tasks]. */
  readonly losses: (params: P, batch: B) => Tensor1D;
  /** The tree, or your own tf.Variables by name. Not changed: training goes on in a copy. */
  readonly params: P;
  /** Taken two at a time: one measurement for each pair, then a step on each. */
  readonly batches: Iterable<B> | AsyncIterable<B>;
  /** Names in the order of the losses. */
  readonly tasks: readonly string[];
  /** The leaves that tasks share. Default: all. */
  readonly shared?: Pattern;
  /** Of the training steps. Default 0.01. */
  readonly learningRate?: number;
  /** Default: plain gradient descent. */
  readonly optimizer?: Optimizer;
}

/**
 * Trains a copy of `params` on the sum of the losses over the batches given, and says what the task gradients did: for a model of anybody's. 20 to 100 pairs of batches are enough.
 * Each pair costs 2T backward and T forward passes. Leaves no tensor behind.
 */
export async function diagnose<P extends Params, B>(options: DiagnoseOptions<P, B>): Promise<Diagnosis> {
  const { tasks, learningRate = 0.01, optimizer = sgd() } = options;
  const measurements: Measurement[] = [];
  let state = tidy(() => {
    const params = mapParams(options.params, (leaf) => leaf.clone());
    return { params, optimizer: optimizer.init(params) };
  });
  let first: { readonly batch: B } | undefined;
  let step = 0;
  try {
    for await (const batch of options.batches) {
      if (!first) {
        first = { batch };
        continue;
      }
      const { batch: before } = first;
      first = undefined;
      const found = tidy(() => look(options, state.params, before, batch));
      const [losses, gramian, cross, lookahead] = (await Promise.all(found.map((tensor) => tensor.data()))).map((data) =>
        Float64Array.from(data),
      ) as [Float64Array, Float64Array, Float64Array, Float64Array];
      for (const tensor of found) tensor.dispose();
      measurements.push({ step, present: new Float64Array(tasks.length).fill(1), losses, gramian, cross, lookahead });
      for (const own of [before, batch]) {
        const next = tidy(() => {
          const { gradients } = valueAndGradients((params: P) => sum(options.losses(params, own)) as Scalar, state.params);
          const { updates, state: after } = optimizer.update(gradients, state.optimizer, state.params, {
            step: scalar(step),
            learningRate: scalar(learningRate),
          });
          return { params: addParams(state.params, updates), optimizer: after };
        });
        disposeParams(state);
        state = next;
        step++;
      }
    }
  } finally {
    disposeParams(state);
  }
  if (measurements.length === 0)
    throw new TaskloomError('no_measurements', 'There were fewer than two batches.', { name: 'batches', remedy: 'Give 20 or more.' });
  return diagnosisOf(measurements, tasks);
}

/** Losses, Gramian, its like between two batches, and the losses after a step for each task alone. */
function look<P extends Params, B>({ losses, tasks, shared }: DiagnoseOptions<P, B>, params: P, batch: B, other: B): Tensor[] {
  const count = tasks.length;
  const part = (tree: P): Params => (shared === undefined ? tree : select(tree, shared));
  const a = jacobianRows((p: P) => losses(p, batch), params, { tasks: count });
  if (a.values.size !== count)
    throw new TaskloomError('shape_mismatch', 'There are not as many losses as tasks.', {
      name: 'losses',
      expected: count,
      got: a.values.size,
    });
  const rows = a.rows.map(part);
  const [first, second] = [rows, jacobianRows((p: P) => losses(p, other), params, { tasks: count }).rows.map(part)].map(matrixOf) as [
    Tensor2D,
    Tensor2D,
  ];
  const own = part(params);
  const ahead = rows.map((row, i) => losses(merge(params, stepAlong(own, row, slice(a.values, i, 1))), batch));
  return [a.values, matMul(first, first, false, true), matMul(first, second, false, true), stack(ahead)];
}

/**
 * A step against a gradient that takes a hundredth off its own loss, to first order, or moves parameters by a hundredth of their norm where that is less: so that steps for
 * different tasks can be compared, whatever the scale of their losses.
 */
function stepAlong(params: Params, gradient: Params, loss: Tensor): Params {
  const normOf = (tree: Params) => sqrt(sum(stack([...flatten(tree).values()].map((leaf) => sum(square(leaf))))));
  const norm = maximum(normOf(gradient), 1e-15);
  const rate = mul(minimum(div(abs(loss), square(norm)), div(normOf(params), norm)), -0.01);
  return addParams(
    params,
    mapParams(gradient, (leaf) => mul(leaf, reshape(rate, []))),
  );
}

/** [tasks, parameters] */
function matrixOf(rows: readonly Params[]): Tensor2D {
  return stack(rows.map((row) => concat([...flatten(row).values()].map((leaf) => reshape(leaf, [leaf.size]))))) as Tensor2D;
}
