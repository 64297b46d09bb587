import { type Executor, hostArray, hostRandom, type Params, random, run, valueAndGradients } from '@taskloom/core';
import { adam, applyUpdates } from '@taskloom/core/optimizers';
import { classification, multiTaskModel, transformer } from '@taskloom/shared-encoder';
import { add, range, type Scalar, type Tensor, type Tensor1D, tidy } from '@tensorflow/tfjs-core';

const rows = 6;
const length = 8;
const size = 50;
const classes = { topic: 4, sentiment: 3 };

type State = { readonly params: Params; readonly optimizer: Params };
type Inputs = { readonly [name: string]: Tensor };

/** A small transformer with two heads and dropout learns random rows by Adam, compiled by `executor`: the losses. */
export async function trainCompiled(executor: Executor, steps: number): Promise<number[]> {
  const model = multiTaskModel({
    trunk: transformer({ size, width: 16, heads: 2, hidden: 32, blocks: 2, length, dropout: 0.1 }),
    heads: Object.fromEntries(
      Object.entries(classes).map(([task, count]) => [
        task,
        classification({ inputs: 16, labels: Array.from({ length: count }, (_, i) => `label ${i}`) }),
      ]),
    ),
  });
  const optimizer = adam();
  const params = model.init(random(7));
  const step = await executor.compile<State, Inputs, { loss: Tensor }>(
    (state, { ids, key, step, learningRate, ...targets }) => {
      const { value, gradients } = valueAndGradients((p: Params) => {
        const all = range(0, rows, 1, 'int32');
        const tasks = Object.fromEntries(Object.keys(classes).map((task) => [task, { index: all }]));
        const { output } = run(model, p as never, { inputs: { ids: ids! }, tasks }, { training: true, random: random(key as Tensor1D) });
        const losses = Object.keys(classes).map((task) =>
          model.heads[task]!.loss(output[task]!, targets[task]!, targets.weight as Tensor1D),
        );
        return losses.reduce((a, b) => add(a, b)) as Scalar;
      }, state.params);
      const { updates, state: next } = optimizer.update(gradients, state.optimizer as never, state.params, {
        step: step as Scalar,
        learningRate: learningRate as Scalar,
      });
      return { state: { params: applyUpdates(state.params, updates), optimizer: next }, outputs: { loss: value } };
    },
    { state: { params: params as unknown as Params, optimizer: tidy(() => optimizer.init(params as never)) as Params } },
  );
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const batch = hostRandom('batch').fold(i % 3);
    const draw = (name: string, count: number, below: number) =>
      Int32Array.from(batch.fold(name).uniform(count), (uniform) => Math.floor(uniform * below));
    const { loss } = await step({
      ids: hostArray(draw('ids', rows * length, size), [rows, length]),
      ...Object.fromEntries(Object.entries(classes).map(([task, count]) => [task, hostArray(draw(task, rows, count))])),
      weight: hostArray(new Float32Array(rows).fill(1)),
      key: hostArray(Int32Array.from(hostRandom('dropout').fold(i).key)),
      step: hostArray(Float32Array.of(i), []),
      learningRate: hostArray(Float32Array.of(0.01), []),
    });
    losses.push(loss.data[0]!);
  }
  step.dispose();
  return losses;
}
