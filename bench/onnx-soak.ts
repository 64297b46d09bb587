/**
 * Many compiled steps of a small network whose batches come in more shapes than are kept compiled: tensors and memory must stay flat. The exit code says
 * whether they did.
 *
 *   node --expose-gc examples/run.mjs ../bench/onnx-soak.ts [--steps 5000] [--where thread|worker|web] [--one-shape]
 */
import '@tensorflow/tfjs-backend-cpu';
import { parseArgs } from 'node:util';
import { hostArray, hostRandom, type Params, random, run, valueAndGradients } from '@taskloom/core';
import { dense, sequential } from '@taskloom/core/modules';
import { adam, applyUpdates } from '@taskloom/core/optimizers';
import { ort } from '@taskloom/onnx';
import { ortWeb } from '@taskloom/onnx/web';
import { mean, memory, type Scalar, setBackend, square, sub, type Tensor, tidy } from '@tensorflow/tfjs-core';

const { values: flags } = parseArgs({
  options: { steps: { type: 'string', default: '5000' }, where: { type: 'string', default: 'thread' }, 'one-shape': { type: 'boolean' } },
});
const steps = Number(flags.steps);
const every = Math.max(1, Math.round(steps / 50));
const shapes = 3;

await setBackend('cpu');
const executors = {
  thread: () => ort({ threads: 1, shapes }),
  worker: () => ort({ threads: 1, shapes, worker: true }),
  web: () => ortWeb({ shapes }),
};
const net = sequential({
  first: dense({ inputs: 16, units: 64, activation: 'tanh' }),
  last: dense({ inputs: 64, units: 1 }),
});
const optimizer = adam();
const params = net.init(random('soak')) as Params;
type State = { readonly params: Params; readonly optimizer: Params };
const step = await executors[flags.where as keyof typeof executors]().compile<State, { [name: string]: Tensor }, { loss: Tensor }>(
  (state, { x, y, step, learningRate }) => {
    const { value, gradients } = valueAndGradients(
      (p: Params) => mean(square(sub(run(net, p as never, x!).output, y!))) as Scalar,
      state.params,
    );
    const info = { step: step as Scalar, learningRate: learningRate as Scalar };
    const { updates, state: next } = optimizer.update(gradients, state.optimizer as never, state.params, info);
    return { state: { params: applyUpdates(state.params, updates), optimizer: next }, outputs: { loss: value } };
  },
  { state: { params, optimizer: tidy(() => optimizer.init(params)) as Params } },
);

const samples: { step: number; tensors: number; resident: number; heap: number; loss: number }[] = [];
const began = performance.now();
for (let i = 0; i < steps; i++) {
  // Mostly one shape; now and then another of `shapes` + 2, so that compiled ones are dropped and made again.
  const rows = 32 + (i % 97 === 0 && !flags['one-shape'] ? 1 + ((i / 97) % (shapes + 1)) : 0);
  const x = hostRandom(i % 50).normal(rows * 16);
  const y = Float32Array.from({ length: rows }, (_, row) => Math.sin(x[row * 16]!));
  const { loss } = await step({
    x: hostArray(x, [rows, 16]),
    y: hostArray(y, [rows, 1]),
    step: hostArray(Float32Array.of(i), []),
    learningRate: hostArray(Float32Array.of(1e-3), []),
  });
  if (i % every !== 0) continue;
  await step.readState();
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  samples.push({
    step: i,
    tensors: memory().numTensors,
    resident: rss / 2 ** 20,
    heap: (heapUsed + external) / 2 ** 20,
    loss: loss.data[0]!,
  });
}
const seconds = (performance.now() - began) / 1000;
step.dispose();

console.log(
  `${flags.where}: ${steps} steps in ${seconds.toFixed(0)} s, ${flags['one-shape'] ? 'one shape' : 'more shapes than are kept'}, ${samples.length} readings of the state\n`,
);
console.log('|  step | tensors | resident MB | heap MB | loss |\n| ---: | ---: | ---: | ---: | ---: |');
for (const { step, tensors, resident, heap, loss } of samples.filter((_, i) => i % 7 === 0))
  console.log(`| ${step} | ${tensors} | ${resident.toFixed(1)} | ${heap.toFixed(1)} | ${loss.toFixed(4)} |`);
// The first fifth warms up: compiled code, arenas.
const fifth = Math.floor(samples.length / 5);
const settled = samples.slice(fifth);
const counts = new Set(samples.map(({ tensors }) => tensors));
console.log(
  `\nTensors: ${counts.size === 1 ? 'the same in all samples' : [...counts].join(', ')}. After the first fifth, per 1,000 steps: resident ${slope(({ resident }) => resident)} MB, heap ${slope(({ heap }) => heap)} MB.`,
);
// Resident memory comes and goes by a few MB as arenas do; the collected heap, with what the host holds of arrays, does not.
const grown = { resident: growth(({ resident }) => resident), heap: growth(({ heap }) => heap) };
const flat = counts.size === 1 && grown.resident < 8 && grown.heap < 1;
console.log(
  `From the second fifth to the last: resident ${signed(grown.resident)} MB (below 8), heap ${signed(grown.heap)} MB (below 1): ${flat ? 'flat' : 'it grows'}.`,
);
process.exit(flat ? 0 : 1);

/** By how much the median of the last fifth is above that of the second. */
function growth(of: (sample: (typeof samples)[number]) => number): number {
  const median = (part: typeof samples) => part.map(of).sort((a, b) => a - b)[Math.floor(part.length / 2)]!;
  return median(samples.slice(-fifth)) - median(settled.slice(0, fifth));
}

/** The rise per 1,000 steps of the line through the settled samples. */
function slope(of: (sample: (typeof samples)[number]) => number): string {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [settled.map(({ step }) => step), settled.map(of)];
  const [mx, my] = [mean(x), mean(y)];
  const rise = (1000 * x.reduce((sum, v, i) => sum + (v - mx) * (y[i]! - my), 0)) / x.reduce((sum, v) => sum + (v - mx) ** 2, 0);
  return signed(rise);
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;
}
