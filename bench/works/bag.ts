import { type HostArray, hostArray, hostRandom, type Params, random, rowView, run, valueAndGradients } from '@taskloom/core';
import { crossEntropy } from '@taskloom/core/losses';
import { bagOfEmbeddings, dense } from '@taskloom/core/modules';
import { adam, applyUpdates } from '@taskloom/core/optimizers';
import { add, type Scalar, type Tensor, tidy } from '@tensorflow/tfjs-core';

/** Bags of 30 ids of a table [rows, 64], batch 256, four heads, Adam whose moments of a row move when the row occurs. */
const classes = { topic: 20, product: 5, sentiment: 3, urgent: 2 };
type Task = keyof typeof classes;
const tasks = Object.keys(classes) as Task[];
const [batch, bag, width] = [256, 30, 64];

const trunk = bagOfEmbeddings({ size: 2, width, combiner: 'mean' });
const heads = Object.fromEntries(tasks.map((task) => [task, dense({ inputs: width, units: classes[task] })]));

type Inputs = {
  readonly rows: { readonly table: Tensor; readonly mean: Tensor; readonly variance: Tensor };
  readonly ids: Tensor;
  readonly targets: { readonly [task: string]: Tensor };
  readonly step: Tensor;
  readonly learningRate: Tensor;
};

/** The step sees only the rows of the batch, and gives them back. */
export function bagStep() {
  const optimizer = adam();
  const step = (state: { heads: Params; optimizer: Params }, { rows, ids, targets, step, learningRate }: Inputs) => {
    const params = { table: rows.table, heads: state.heads };
    const { value, gradients } = valueAndGradients((p: { table: Tensor; heads: Params }) => {
      const { output } = run(trunk, { ids: { table: p.table } }, { ids }, { training: true });
      const losses = tasks.map((task) => crossEntropy(run(heads[task]!, p.heads[task] as never, output).output, targets[task]!));
      return losses.reduce((a, b) => add(a, b)) as Scalar;
    }, params as never);
    const moments = state.optimizer as { mean: { heads: Params }; variance: { heads: Params } };
    const before = {
      mean: { table: rows.mean, heads: moments.mean.heads },
      variance: { table: rows.variance, heads: moments.variance.heads },
    };
    const info = { step: step as Scalar, learningRate: learningRate as Scalar };
    const { updates, state: after } = optimizer.update(gradients, before as never, params as never, info);
    const next = applyUpdates(params as never, updates) as { table: Tensor; heads: Params };
    const own = after as unknown as { mean: { table: Tensor; heads: Params }; variance: { table: Tensor; heads: Params } };
    return {
      state: { heads: next.heads, optimizer: { mean: { heads: own.mean.heads }, variance: { heads: own.variance.heads } } },
      outputs: { loss: value, rows: { table: next.table, mean: own.mean.table, variance: own.variance.table } },
    };
  };
  const init = () => {
    const params = { heads: Object.fromEntries(tasks.map((task) => [task, heads[task]!.init(random(task))])) as Params };
    const moments = tidy(() => optimizer.init(params));
    return { heads: params.heads, optimizer: moments };
  };
  return { step, init };
}

/** Tables of the size asked for, and what one step does around the engine: gather the batch's rows, run, write them back. */
export function bagTables(rows: number) {
  const draw = hostRandom('tables');
  const empty = () => hostArray(new Float32Array(rows * width), [rows, width]);
  const tables = {
    table: hostArray(
      draw.normal(rows * width).map((z) => z / 8),
      [rows, width],
    ),
    mean: empty(),
    variance: empty(),
  };
  let number = 0;
  return async (train: (inputs: never) => Promise<unknown>) => {
    const stream = draw.fold(number);
    const whole = (name: string, count: number, below: number) =>
      Int32Array.from(stream.fold(name).uniform(count), (u) => Math.floor(u * below));
    const ids = hostArray(
      whole('ids', batch * bag, rows - 1).map((id) => id + 1),
      [batch, bag],
    );
    const view = rowView(tables, [ids], { pad: [4096, 8192] });
    const outputs = (await train({
      rows: view.tables,
      ids: view.ids[0],
      targets: Object.fromEntries(tasks.map((task) => [task, hostArray(whole(task, batch, classes[task]))])),
      step: hostArray(Float32Array.of(number++), []),
      learningRate: hostArray(Float32Array.of(1e-3), []),
    } as never)) as { rows: { [name in keyof typeof tables]: HostArray } };
    view.writeBack(outputs.rows);
    return outputs;
  };
}
