import {
  embeddingTable,
  type HostArray,
  hostArray,
  hostRandom,
  type Params,
  random,
  run,
  sparseAdam,
  valueAndGradients,
} from '@taskloom/core';
import { crossEntropy } from '@taskloom/core/losses';
import { dense } from '@taskloom/core/modules';
import { adam, applyUpdates } from '@taskloom/core/optimizers';
import { add, type Scalar, type Tensor, tidy } from '@tensorflow/tfjs-core';

/** Bags of 30 ids of a table [rows, 64], batch 256, four heads, Adam whose moments of a row move when the row occurs. */
const classes = { topic: 20, product: 5, sentiment: 3, urgent: 2 };
type Task = keyof typeof classes;
const tasks = Object.keys(classes) as Task[];
const [batch, bag, width] = [256, 30, 64];
const learningRate = 1e-3;

const heads = Object.fromEntries(tasks.map((task) => [task, dense({ inputs: width, units: classes[task] })]));

type Inputs = {
  readonly pooled: Tensor;
  readonly targets: { readonly [task: string]: Tensor };
  readonly step: Tensor;
  readonly learningRate: Tensor;
};

/** The step sees the means of the bags, and gives back the gradient with respect to them. */
export function bagStep() {
  const optimizer = adam();
  const step = (state: { heads: Params; optimizer: Params }, { pooled, targets, step, learningRate }: Inputs) => {
    const { value, gradients } = valueAndGradients(
      (p: { pooled: Tensor; heads: Params }) => {
        const losses = tasks.map((task) => crossEntropy(run(heads[task]!, p.heads[task] as never, p.pooled).output, targets[task]!));
        return losses.reduce((a, b) => add(a, b)) as Scalar;
      },
      { pooled, heads: state.heads } as never,
    );
    const { pooled: gradient, heads: own } = gradients as { pooled: Tensor; heads: Params };
    const info = { step: step as Scalar, learningRate: learningRate as Scalar };
    const { updates, state: after } = optimizer.update(own, state.optimizer, state.heads, info);
    return { state: { heads: applyUpdates(state.heads, updates), optimizer: after }, outputs: { loss: value, gradient } };
  };
  const init = () => {
    const params = Object.fromEntries(tasks.map((task) => [task, heads[task]!.init(random(task))])) as Params;
    return { heads: params, optimizer: tidy(() => optimizer.init(params)) };
  };
  return { step, init };
}

/** A table of the size asked for, and what one step does around the engine: pool the bags, run, move the rows. */
export function bagTables(rows: number) {
  const draw = hostRandom('tables');
  const values = hostArray(
    draw.normal(rows * width).map((z) => z / 8),
    [rows, width],
  );
  const table = embeddingTable({ values, optimizer: sparseAdam() });
  let number = 0;
  return async (train: (inputs: never) => Promise<unknown>) => {
    const stream = draw.fold(number);
    const whole = (name: string, count: number, from: number, below: number) => {
      const uniform = stream.fold(name).uniform(count);
      const drawn = new Int32Array(count);
      for (let i = 0; i < count; i++) drawn[i] = from + Math.floor(uniform[i]! * (below - from));
      return drawn;
    };
    const { output, update } = table.bag(hostArray(whole('ids', batch * bag, 1, rows), [batch, bag]));
    const outputs = (await train({
      pooled: output,
      targets: Object.fromEntries(tasks.map((task) => [task, hostArray(whole(task, batch, 0, classes[task]))])),
      step: hostArray(Float32Array.of(number), []),
      learningRate: hostArray(Float32Array.of(learningRate), []),
    } as never)) as { gradient: HostArray };
    update(outputs.gradient, { step: number++, learningRate });
    return outputs;
  };
}
