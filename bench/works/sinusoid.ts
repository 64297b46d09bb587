import { hostArray, hostRandom, type Params } from '@taskloom/core';
import { adam, applyUpdates } from '@taskloom/core/optimizers';
import { maml } from '@taskloom/maml';
import {
  add,
  expandDims,
  matMul,
  mean,
  relu,
  type Scalar,
  slice,
  square,
  squeeze,
  sub,
  type Tensor,
  tensor,
  tidy,
} from '@tensorflow/tfjs-core';

/** MAML, second order, one inner step, 25 sine waves of 10 points, 1 → 40 → 40 → 1. */
type Wave = { readonly x: Tensor; readonly y: Tensor };
const [tasks, shots, hidden] = [25, 10, 40];

function errors(params: Params, { x, y }: Wave): Tensor {
  const layer = (input: Tensor, i: number) => add(matMul(input, params[`W${i}`] as Tensor), expandDims(params[`b${i}`] as Tensor, 1));
  return mean(square(sub(layer(relu(layer(relu(layer(x, 1)), 2)), 3), y)), [1, 2]);
}

type Episodes = { readonly support: Wave; readonly query: Wave };
type Inputs = Episodes & { readonly step: Tensor; readonly learningRate: Tensor };
const optimizer = adam();

const updated =
  (metaGradients: (params: Params, episodes: Episodes) => { readonly value: Scalar; readonly gradients: Params }) =>
  (state: { params: Params; optimizer: Params }, { support, query, step, learningRate }: Inputs) => {
    const { value, gradients } = metaGradients(state.params, { support, query });
    const info = { step: step as Scalar, learningRate: learningRate as Scalar };
    const { updates, state: next } = optimizer.update(gradients, state.optimizer, state.params, info);
    return { state: { params: applyUpdates(state.params, updates), optimizer: next }, outputs: { loss: value } };
  };

/** The same task by task, by a loss of one task. */
export function loopStep() {
  const method = maml({
    loss: (params: Params, { x, y }: Wave) => {
      const one = (wave: Tensor) => expandDims(wave, 0);
      const stacked = Object.fromEntries(Object.entries(params).map(([name, leaf]) => [name, one(leaf as Tensor)]));
      return squeeze(errors(stacked, { x: one(x), y: one(y) })) as Scalar;
    },
    innerLearningRate: 0.01,
  });
  const part = ({ x, y }: Wave, task: number) => {
    const of = (all: Tensor) => squeeze(slice(all, [task, 0, 0], [1, -1, -1]), [0]);
    return { x: of(x), y: of(y) };
  };
  return updated((params, { support, query }) =>
    method.metaGradients(
      params,
      Array.from({ length: tasks }, (_, task) => ({ support: part(support, task), query: part(query, task) })),
    ),
  );
}

export function sinusoidStep() {
  const method = maml({ loss: errors, batched: true, innerLearningRate: 0.01 });
  const step = updated((params, episodes) => method.metaGradients(params, episodes));
  const init = () => {
    const sizes = [1, hidden, hidden, 1];
    const draw = hostRandom('sinusoid');
    const params = Object.fromEntries(
      [1, 2, 3].flatMap((i) => {
        const [rows, columns] = [sizes[i - 1]!, sizes[i]!];
        const weights = draw
          .fold(i)
          .normal(rows * columns)
          .map((z) => z * 0.1);
        return [[`W${i}`, tensor(weights, [rows, columns])] as const, [`b${i}`, tensor(new Float32Array(columns), [columns])] as const];
      }),
    );
    return { params, optimizer: tidy(() => optimizer.init(params)) };
  };
  const batch = (number: number) => {
    const draw = hostRandom('waves').fold(number);
    const points = (name: string) => {
      const x = draw
        .fold(name)
        .uniform(tasks * shots)
        .map((u) => 10 * u - 5);
      return { x: hostArray(x, [tasks, shots, 1]), y: hostArray(x.map(Math.sin), [tasks, shots, 1]) };
    };
    const scalar = (value: number) => hostArray(Float32Array.of(value), []);
    return { support: points('support'), query: points('query'), step: scalar(number), learningRate: scalar(1e-3) };
  };
  return { step, init, batch };
}
