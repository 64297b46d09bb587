/**
 * Sinusoid regression as in the MAML paper (C. Finn, P. Abbeel, S. Levine 2017, arXiv 1703.03400, section 5.1): each task is a sine wave of its own
 * amplitude and phase, seen at 5 or 10 points. MAML, first-order MAML and a network pretrained on all waves at once are adapted by gradient steps.
 * Differences from the paper: 15,000 iterations instead of 70,000, with a learning rate that falls to 0 (cosine), and Glorot's initial weights (with the paper's 0.01
 * the first thousands of iterations are a plateau).
 *
 *   node examples/run.mjs sinusoid.ts [--smoke] [--iterations 15000] [--backend wasm|cpu] [--seed 1]
 */
import { parseArgs } from 'node:util';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { disposeParams, type HostRandom, hostRandom, type Params, valueAndGradients } from '@taskloom/core';
import { adam, applyUpdates, cosine } from '@taskloom/core/optimizers';
import { type Episode, type Maml, maml, stackParams } from '@taskloom/maml';
import {
  add,
  concat,
  expandDims,
  matMul,
  mean,
  relu,
  reshape,
  type Scalar,
  scalar,
  setBackend,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
  tidy,
} from '@tensorflow/tfjs-core';

const { values: flags } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    iterations: { type: 'string', default: '15000' },
    backend: { type: 'string', default: 'wasm' },
    seed: { type: 'string', default: '1' },
  },
});
const setup = {
  iterations: flags.smoke ? 30 : Number(flags.iterations),
  metaBatch: 25,
  shots: 10,
  innerLearningRate: 0.01,
  metaLearningRate: 0.001,
  hidden: 40,
  testTasks: flags.smoke ? 50 : 600,
  testPoints: 100,
};

type Wave = { readonly x: Tensor; readonly y: Tensor }; // both [tasks, points, 1]

/** y = A sin(x − φ), A ∈ [0.1, 5], φ ∈ [0, π], x ∈ [−5, 5]: support and query points of `tasks` waves. */
function drawWaves(random: HostRandom, tasks: number, support: number, query: number): Episode<Wave> {
  const amplitude = random
    .fold('amplitude')
    .uniform(tasks)
    .map((u) => 0.1 + 4.9 * u);
  const phase = random
    .fold('phase')
    .uniform(tasks)
    .map((u) => Math.PI * u);
  const points = (name: string, count: number): Wave => {
    const x = random
      .fold(name)
      .uniform(tasks * count)
      .map((u) => 10 * u - 5);
    const y = x.map((value, i) => amplitude[Math.floor(i / count)]! * Math.sin(value - phase[Math.floor(i / count)]!));
    return { x: tensor(x, [tasks, count, 1]), y: tensor(y, [tasks, count, 1]) };
  };
  return { support: points('support', support), query: points('query', query) };
}

/** 1 → 40 → 40 → 1 with relu, parameters stacked along a task axis; the mean squared error of each task [tasks]. */
function meanSquaredErrors(params: Params, { x, y }: Wave): Tensor {
  const layer = (input: Tensor, i: number) => add(matMul(input, params[`W${i}`] as Tensor), expandDims(params[`b${i}`] as Tensor, 1));
  return mean(square(sub(layer(relu(layer(relu(layer(x, 1)), 2)), 3), y)), [1, 2]);
}

/** Glorot's normal weights, zero biases. */
function initialParams(random: HostRandom): Params {
  const sizes = [1, setup.hidden, setup.hidden, 1];
  return Object.fromEntries(
    [1, 2, 3].flatMap((i) => {
      const [rows, columns] = [sizes[i - 1]!, sizes[i]!];
      const weights = random
        .fold(`W${i}`)
        .normal(rows * columns)
        .map((z) => z * Math.sqrt(2 / (rows + columns)));
      return [[`W${i}`, tensor(weights, [rows, columns])] as const, [`b${i}`, tensor(new Float32Array(columns), [columns])] as const];
    }),
  );
}

type Gradients = (params: Params, batch: Episode<Wave>) => { value: Scalar; gradients: Params };

async function train(name: string, gradientsOf: Gradients): Promise<Params> {
  const random = hostRandom(Number(flags.seed));
  let params = initialParams(random.fold('initial'));
  const optimizer = adam();
  let state = optimizer.init(params);
  const rate = cosine({ from: setup.metaLearningRate, steps: setup.iterations });
  const start = performance.now();
  let recent = 0;
  for (let step = 0; step < setup.iterations; step++) {
    const next = tidy(() => {
      const { value, gradients } = gradientsOf(
        params,
        drawWaves(random.fold('train').fold(step), setup.metaBatch, setup.shots, setup.shots),
      );
      const { updates, state: after } = optimizer.update(gradients, state, params, {
        step: scalar(step),
        learningRate: scalar(rate(step)),
      });
      return { params: applyUpdates(params, updates), state: after, value };
    });
    disposeParams({ params, state });
    ({ params, state } = next);
    recent += (await next.value.data())[0]!;
    next.value.dispose();
    if ((step + 1) % Math.ceil(setup.iterations / 5) === 0) {
      const seconds = (performance.now() - start) / 1000;
      console.log(
        `${name.padEnd(18)} ${String(step + 1).padStart(6)} iterations  ${seconds.toFixed(1).padStart(6)} s  loss ${(recent / Math.ceil(setup.iterations / 5)).toFixed(3)}`,
      );
      recent = 0;
    }
  }
  return params;
}

/** Mean over test tasks and half the 95 % interval. */
function evaluate(
  method: Maml<Params, Wave, Episode<Wave>>,
  params: Params,
  shots: number,
  steps: number,
  innerLearningRate: number,
  split = 'test',
) {
  return tidy(() => {
    const { support, query } = drawWaves(hostRandom('evaluation').fold(split).fold(shots), setup.testTasks, shots, setup.testPoints);
    const errors = meanSquaredErrors(method.adapt(params, support, { steps, innerLearningRate }), query).dataSync<'float32'>();
    const average = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    const variance = errors.reduce((sum, error) => sum + (error - average) ** 2, 0) / (errors.length - 1);
    return { average, half: 1.96 * Math.sqrt(variance / errors.length) };
  });
}

await setBackend(flags.backend);
const options = { loss: meanSquaredErrors, innerLearningRate: setup.innerLearningRate, steps: 1, batched: true } as const;
const second = maml<Params, Wave>(options);
const first = maml<Params, Wave>({ ...options, order: 'first' });
/** All points of all waves as one task: the best that one function can do for them. */
const pretraining: Gradients = (params, { support, query }) => {
  const all = (name: 'x' | 'y') => reshape(concat([support[name], query[name]], 1), [1, -1, 1]);
  return valueAndGradients((p) => sum(meanSquaredErrors(stackParams(p, 1), { x: all('x'), y: all('y') })) as Scalar, params);
};

const begun = performance.now();
console.log(
  `${setup.iterations} iterations of ${setup.metaBatch} tasks × ${setup.shots} + ${setup.shots} points, backend ${flags.backend}, seed ${flags.seed}\n`,
);
const trained = [
  { name: 'MAML', params: await train('MAML', second.metaGradients) },
  { name: 'first-order MAML', params: await train('first-order MAML', first.metaGradients) },
  { name: 'pretrained', params: await train('pretrained', pretraining) },
];

/** The baseline's own best step size, after 10 steps at 10 shots on waves of a validation split. */
const rates = [0.001, 0.003, 0.01, 0.02, 0.05, 0.1];
const scores = rates.map((rate) => evaluate(second, trained[2]!.params, 10, 10, rate, 'validation').average);
const tuned = rates[scores.indexOf(Math.min(...scores.filter(Number.isFinite)))]!;

const columns = [5, 10].flatMap((shots) => [0, 1, 10].map((steps) => ({ shots, steps })));
const baselines = [...new Set([setup.innerLearningRate, tuned])].map((rate) => ({ ...trained[2]!, rate }));
const rows = [...trained.slice(0, 2).map((one) => ({ ...one, rate: setup.innerLearningRate })), ...baselines].map(
  ({ name, params, rate }) => ({
    label: `${name}, α ${rate}`,
    errors: columns.map(({ shots, steps }) => evaluate(second, params, shots, steps, rate)),
  }),
);
const table = [
  ['', ...columns.map(({ shots }) => `${shots} shots`)],
  ['', ...columns.map(({ steps }) => `${steps} step${steps === 1 ? '' : 's'}`)],
  ...rows.map(({ label, errors }) => [label, ...errors.map(({ average, half }) => `${average.toFixed(3)} ± ${half.toFixed(3)}`)]),
  ...rows
    .slice(2)
    .map(({ label, errors }) => [
      `(${label}) / MAML`,
      ...errors.map(({ average }, i) => `${(average / rows[0]!.errors[i]!.average).toFixed(1)}×`),
    ]),
];
const margin = Math.max(...table.map(([label]) => label!.length));

console.log(`\nMean squared error on ${setup.testTasks} test waves (${setup.testPoints} points each), ± half the 95 % interval`);
for (const [label, ...cells] of table) console.log(label!.padEnd(margin) + cells.map((cell) => cell.padStart(16)).join(''));
console.log(`\nOf α ∈ {${rates.join(', ')}}, ${tuned} is best for the pretrained network (10 shots, 10 steps, validation waves).`);
console.log(`${((performance.now() - begun) / 1000).toFixed(0)} s in all`);
