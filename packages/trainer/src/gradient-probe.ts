import {
  type Branch,
  type Compiled,
  type Executor,
  eager,
  flatten,
  hostArray,
  hostRandom,
  type MultiTaskModel,
  matcher,
  merge,
  type Params,
  type Pattern,
  random,
  type Tree,
  unflatten,
  valueAndGradients,
} from '@taskloom/core';
import {
  abs,
  add,
  addN,
  div,
  matMul,
  maximum,
  minimum,
  mul,
  reshape,
  type Scalar,
  slice,
  sqrt,
  square,
  squeeze,
  stack,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
} from '@tensorflow/tfjs-core';
import type { EvaluatorState } from './evaluate';
import { paramsFrom } from './fit-state';
import { forward } from './forward';
import { rowStream } from './row-stream';
import { proportional } from './samplers';
import { drawBatches } from './step-batches';
import type { MicroBatch } from './summed-gradients';
import type { Callback, Dataset } from './types';

export interface GradientProbeOptions {
  readonly model: MultiTaskModel;
  /** The training data: a look takes rows of every source. */
  readonly dataset: Dataset;
  /** Rows of each source in a batch. */
  readonly batchSize: number;
  /** Updates between two looks. */
  readonly every: number;
  /** Measurements of one look, each on two batches. Default 4. */
  readonly repeats?: number;
  /** Which parameters to look at. Default: all shared ones. */
  readonly wrt?: Pattern;
  /** Default: 0. */
  readonly seed?: number | string;
  /** Default: `eager()`. */
  readonly executor?: Executor;
  /** Told each measurement as it is made. */
  readonly onMeasurement?: (measurement: GradientMeasurement) => void | Promise<void>;
}

/** What one look has found, on the host; matrices are row-major [tasks, tasks] and about the shared parameters. */
export interface GradientMeasurement {
  /** Updates done before it. */
  readonly step: number;
  /** 1 where both batches had labelled rows of the task. */
  readonly present: Float64Array;
  readonly losses: Float64Array;
  /** gᵢ·gⱼ on one batch. */
  readonly gramian: Float64Array;
  /** gᵢ on this batch · gⱼ on the other. */
  readonly cross: Float64Array;
  /** The loss of task j after a step against gᵢ that takes a hundredth off loss i to first order (row i), or moves parameters by a hundredth of their norm where that is less. */
  readonly lookahead: Float64Array;
}

export interface GradientProbe extends Callback {
  readonly tasks: readonly string[];
  readonly measurements: readonly GradientMeasurement[];
  /** Frees the compiled look. */
  dispose(): void;
}

/**
 * A callback that looks at the task gradients in the course of any training, whatever balances it, and changes nothing: what `diagnosisOf` of `@taskloom/mtl-loss/diagnosis` reads.
 * One measurement costs 2T backward and T forward passes.
 */
export function gradientProbe(options: GradientProbeOptions): GradientProbe {
  const { model, dataset, batchSize, every, repeats = 4, wrt = 'shared/**', seed = 0, executor = eager(), onMeasurement } = options;
  const tasks = Object.keys(model.heads);
  const stream = rowStream({ sources: dataset.sources, sampler: proportional(), seed: `${seed}/probe`, batchSize, draws: 1 });
  const keys = hostRandom(seed).fold('probe');
  const measurements: GradientMeasurement[] = [];
  let compiled: Look | undefined;
  const draw = () => drawBatches(dataset, stream, tasks, { batchSize, accumulate: 1, sourcesPerStep: 'all' });

  const measure = async (look: Look, step: number): Promise<void> => {
    const [first, second] = [draw(), draw()];
    const found = await look({
      first: first.batches[0] as unknown as Branch<never>,
      second: second.batches[0] as unknown as Branch<never>,
      key: hostArray(Int32Array.from(keys.fold(measurements.length).key)),
    });
    const measurement: GradientMeasurement = {
      step,
      present: first.present.map((own, i) => own * second.present[i]!),
      losses: Float64Array.from(found.losses.data),
      gramian: Float64Array.from(found.gramian.data),
      cross: Float64Array.from(found.cross.data),
      lookahead: Float64Array.from(found.lookahead.data),
    };
    measurements.push(measurement);
    await onMeasurement?.(measurement);
  };

  return {
    tasks,
    measurements,
    async onBatchEnd(batch, _, read) {
      if ((batch + 1) % every !== 0) return;
      const state = await read();
      if (compiled) await compiled.load(state);
      else compiled = await executor.compile(lookOf(model, tasks, wrt), { state: paramsFrom(state) as EvaluatorState });
      for (let i = 0; i < repeats; i++) await measure(compiled, batch + 1);
    },
    onTrainEnd() {
      this.dispose();
    },
    dispose() {
      compiled?.dispose();
      compiled = undefined;
    },
  };
}

interface LookInputs {
  readonly [name: string]: Tree<Tensor>;
  readonly first: Tree<Tensor>;
  readonly second: Tree<Tensor>;
  readonly key: Tensor1D;
}
type LookOutputs = { readonly losses: Tensor; readonly gramian: Tensor; readonly cross: Tensor; readonly lookahead: Tensor };
type Look = Compiled<EvaluatorState, LookInputs, LookOutputs>;

function lookOf(model: MultiTaskModel, tasks: readonly string[], wrt: Pattern) {
  const selected = matcher(wrt);
  return (state: EvaluatorState, inputs: LookInputs): { state: EvaluatorState; outputs: LookOutputs } => {
    const { params, buffers } = state;
    const [first, second] = [inputs.first, inputs.second] as unknown as [MicroBatch, MicroBatch];
    const stream = random(inputs.key);
    const lossesOf = (own: Params, batch: MicroBatch, name: string, which: readonly string[]) =>
      forward(model, merge(params, own), buffers, batch, stream.fold(name), which).losses;
    /** Losses [tasks], and for each leaf its task gradients as a matrix [tasks, size]. */
    const jacobianOn = (batch: MicroBatch, name: string) => {
      const passes = tasks.map((task) =>
        valueAndGradients((own: Params) => sum(lossesOf(own, batch, name, [task])) as Scalar, params as unknown as Params, {
          wrt: selected,
        }),
      );
      const rows = passes.map(({ gradients }) => flatten(gradients));
      const leaves = new Map(
        [...rows[0]!].map(([path, leaf]) => [path, stack(rows.map((row) => reshape(row.get(path)!, [leaf.size]))) as Tensor2D]),
      );
      return { losses: stack(passes.map(({ value }) => value)), leaves, rows };
    };
    const product = (a: Map<string, Tensor2D>, b: Map<string, Tensor2D>) =>
      addN([...a].map(([path, matrix]) => matMul(matrix, b.get(path)!, false, true)));

    const a = jacobianOn(first, 'first');
    const b = jacobianOn(second, 'second');
    const own = [...flatten(params as unknown as Params)].filter(([path]) => a.leaves.has(path));
    const ahead = tasks.map((_, i) => {
      const gradient = a.rows[i]!;
      const norm = maximum(normOf([...gradient.values()]), 1e-15);
      const loss = squeeze(slice(a.losses, [i], [1]));
      const rate = mul(minimum(div(abs(loss), square(norm)), div(normOf(own.map(([, leaf]) => leaf)), norm)), -0.01);
      const moved = unflatten(own.map(([path, leaf]) => [path, add(leaf, mul(gradient.get(path)!, rate))] as const));
      return lossesOf(moved, first, 'first', tasks);
    });
    return {
      state,
      outputs: { losses: a.losses, gramian: product(a.leaves, a.leaves), cross: product(a.leaves, b.leaves), lookahead: stack(ahead) },
    };
  };
}

function normOf(leaves: readonly Tensor[]): Tensor {
  return sqrt(addN(leaves.map((leaf) => sum(square(leaf)))));
}
