import '@tensorflow/tfjs-backend-cpu';
import {
  disposeParams,
  type Executor,
  eager,
  flatten,
  type GradientBalancer,
  hostArray,
  type JacobianMethod,
  keyTensor,
  type LossWeighting,
  mapTree,
  type Params,
  random,
  seedKey,
  toTensor,
  valueAndGradients,
} from '@taskloom/core';
import { sgd } from '@taskloom/core/optimizers';
import { expectAllClose, expectTraceable, onBackends } from '@taskloom/testing';
import { add, memory, type Scalar, scalar, slice, squeeze, type Tensor, tidy, zeros } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { evaluate } from '../src/evaluate';
import { fit } from '../src/fit';
import { forward, type TensorBatch } from '../src/forward';
import { initialState, type StepOptions, trainingStep } from '../src/step';
import { toyDataset, toyModel } from './toy';

const tasks = ['side', 'value'];
const dataset = toyDataset('step', { both: 8 });
const rows = Int32Array.from({ length: 8 }, (_, i) => i);

function inputs(): Params {
  const { inputs, tasks } = dataset.batch('both', rows, 8);
  const micro = { inputs, tasks, present: hostArray(Float32Array.of(1, 1)), share: hostArray(Float32Array.of(1, 1)) };
  return {
    batches: { 0: mapTree(micro as never, (leaf) => toTensor(leaf as never)) as Params },
    key: keyTensor(seedKey(7)),
    step: scalar(0),
    learningRate: scalar(0.5),
  };
}

/** One step of plain gradient descent with learning rate ½ from the same start. */
function oneStep(balancing: StepOptions['balancing']) {
  const model = toyModel();
  const start = model.init(random(3));
  const balancer = typeof balancing === 'object' && 'method' in balancing ? balancing.method : undefined;
  const plan = { model, tasks, optimizer: sgd(), wrt: '**', accumulate: 1, balancer };
  const { state, outputs } = trainingStep({ ...plan, balancing })(
    initialState(plan, { params: start, buffers: model.buffers!() }),
    inputs(),
  );
  return { start, end: state.params, outputs };
}

/** The gradient of one task's loss, worked out on its own. */
function gradientOf(task: number, params: Params): Map<string, number[]> {
  const model = toyModel();
  const given = inputs();
  const batch = (given.batches as { 0: unknown })[0] as TensorBatch;
  const { gradients } = valueAndGradients(
    (p) =>
      squeeze(
        slice(forward(model, p as never, model.buffers!(), batch, random(keyTensor(seedKey(7))).fold(0), tasks).losses, [task], [1]),
      ) as Scalar,
    params,
  );
  return new Map([...flatten(gradients)].map(([path, leaf]) => [path, Array.from(leaf.dataSync())]));
}

/** The gradient of one task's loss with respect to the representation. */
function representationGradient(task: number, params: Params): number[] {
  const model = toyModel();
  const batch = (inputs().batches as { 0: unknown })[0] as TensorBatch;
  const shifted = {
    ...model,
    apply: (p: { shift: Tensor }, x: Parameters<typeof model.apply>[1], context: Parameters<typeof model.apply>[2]) => {
      const { pooled } = model.parts!.features(params as never, x.inputs, context);
      return model.parts!.heads(params as never, { pooled: add(pooled, p.shift) }, x.tasks, context);
    },
  };
  const { gradients } = valueAndGradients(
    (p: { shift: Tensor }) =>
      squeeze(
        slice(
          forward(shifted as never, p as never, model.buffers!(), batch, random(keyTensor(seedKey(7))).fold(0), tasks).losses,
          [task],
          [1],
        ),
      ) as Scalar,
    { shift: zeros([8, 8]) },
  );
  return Array.from(gradients.shift.dataSync());
}

/** Update 2g₀ − g₁, and the sum of all rows carried. */
const doubling: JacobianMethod<null> = {
  kind: 'jacobian-method',
  name: 'doubling',
  needs: ['gramian'],
  memory: () => 1,
  init: () => null,
  weigh(gramian) {
    expect(gramian).toHaveLength(9);
    return { weights: Float64Array.of(2, -1), coefficients: Float64Array.of(2, -1, 0, 1, 1, 1), state: null };
  },
};

onBackends(['cpu', 'wasm'], () => {
  test('a gradient balancer gets J Jᵀ of the shared parameters; its weights scale them, not the heads', () => {
    const before = memory().numTensors;
    tidy(() => {
      let seen: number[] = [];
      const { start, end, outputs } = oneStep({
        weighGramian: (gramian) => {
          seen = Array.from(gramian);
          return Float64Array.of(0.25, 3);
        },
      });
      const [g0, g1] = [gradientOf(0, start), gradientOf(1, start)];
      const shared = (g: Map<string, number[]>) => [...g].filter(([path]) => path.startsWith('shared/')).flatMap(([, values]) => values);
      const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
      const [a, b] = [shared(g0), shared(g1)];
      expectAllClose(seen, [dot(a, a), dot(a, b), dot(a, b), dot(b, b)], 1e-5);
      expectAllClose(outputs.weights.dataSync(), [0.25, 3]);
      for (const [path, leaf] of flatten(end)) {
        const [w0, w1] = path.startsWith('shared/') ? [0.25, 3] : [1, 1];
        const from = flatten(start).get(path)!.dataSync<'float32'>();
        expectAllClose(
          leaf.dataSync(),
          Array.from(from, (x, i) => x - 0.5 * (w0! * g0.get(path)![i]! + w1! * g1.get(path)![i]!)),
          1e-5,
        );
      }
    });
    expect(memory().numTensors).toBe(before);
  });

  test('at features: weights scale what goes through the trunk, and the Gramian is that of the representation', () => {
    const before = memory().numTensors;
    tidy(() => {
      let seen: number[] = [];
      const { start, end, outputs } = oneStep({
        at: 'features',
        weighGramian: (gramian) => {
          seen = Array.from(gramian);
          return Float64Array.of(0.25, 3);
        },
      });
      const [g0, g1] = [gradientOf(0, start), gradientOf(1, start)];
      // By the head of a task: ∂L/∂z = ∂L/∂output · kernelᵀ, here from the gradient of a shift of z.
      const [a, b] = [0, 1].map((task) => representationGradient(task, start)) as [number[], number[]];
      const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
      expectAllClose(seen, [dot(a, a), dot(a, b), dot(a, b), dot(b, b)], 1e-5);
      expectAllClose(outputs.weights.dataSync(), [0.25, 3]);
      const [l0, l1] = outputs.losses.dataSync<'float32'>();
      expectAllClose(outputs.total.dataSync(), [0.25 * l0! + 3 * l1!], 1e-5);
      for (const [path, leaf] of flatten(end)) {
        const [w0, w1] = path.startsWith('shared/') ? [0.25, 3] : [1, 1];
        const from = flatten(start).get(path)!.dataSync<'float32'>();
        expectAllClose(
          leaf.dataSync(),
          Array.from(from, (x, i) => x - 0.5 * (w0! * g0.get(path)![i]! + w1! * g1.get(path)![i]!)),
          1e-5,
        );
      }
    });
    expect(memory().numTensors).toBe(before);
  });

  test('a Jacobian method gets its rows and its memory back', () => {
    tidy(() => {
      const { start, end } = oneStep({ method: doubling, weighRows: (gramian) => doubling.weigh(gramian, null, {} as never) });
      const [g0, g1] = [gradientOf(0, start), gradientOf(1, start)];
      for (const [path, leaf] of flatten(end)) {
        if (!path.startsWith('shared/')) continue;
        const from = flatten(start).get(path)!.dataSync<'float32'>();
        expectAllClose(
          leaf.dataSync(),
          Array.from(from, (x, i) => x - 0.5 * (2 * g0.get(path)![i]! - g1.get(path)![i]!)),
          1e-5,
        );
      }
    });
  });

  test('host weights scale shared parameters and heads, and are constants to the gradient', () => {
    tidy(() => {
      const { start, end, outputs } = oneStep((losses, present) => losses.map((loss, i) => (present[i]! * (i + 1)) / loss));
      const [l0, l1] = outputs.losses.dataSync<'float32'>();
      const [w0, w1] = [1 / l0!, 2 / l1!];
      expectAllClose(outputs.weights.dataSync(), [w0, w1], 1e-5);
      const [g0, g1] = [gradientOf(0, start), gradientOf(1, start)];
      for (const [path, leaf] of flatten(end)) {
        const from = flatten(start).get(path)!.dataSync<'float32'>();
        expectAllClose(
          leaf.dataSync(),
          Array.from(from, (x, i) => x - 0.5 * (w0 * g0.get(path)![i]! + w1 * g1.get(path)![i]!)),
          1e-5,
        );
      }
    });
  });

  test('says when a loss or gradient is not finite', () => {
    tidy(() => {
      expect(oneStep(() => Float64Array.of(Number.NaN, 1)).outputs.finite.dataSync()[0]).toBe(0);
      expect(oneStep('sum').outputs.finite.dataSync()[0]).toBe(1);
    });
  });
});

test('steps of every kind are traceable', async () => {
  const kinds: StepOptions['balancing'][] = [
    'sum',
    (losses) => losses,
    { weighGramian: () => Float64Array.of(1, 1) },
    { weighGramian: () => Float64Array.of(1, 1), at: 'features' },
    { method: doubling, weighRows: (gramian) => doubling.weigh(gramian, null, {} as never) },
  ];
  for (const balancing of kinds) await expectTraceable(() => void oneStep(balancing));
});

test('asks the executor given, once for the steps and once for evaluation, and names every varying thing as an input', async () => {
  const names: string[][] = [];
  const executor: Executor = {
    name: 'spy',
    async compile(fn, options) {
      const compiled = await eager().compile(fn, options);
      const shapes = new Set<string>();
      names.push([]);
      const own = names.length - 1;
      return Object.assign(
        async (given: Parameters<typeof compiled>[0]) => {
          const shape = JSON.stringify(mapTree(given as never, (leaf) => (leaf as { shape: number[] }).shape));
          if (!shapes.has(shape)) names[own]!.push(shape);
          shapes.add(shape);
          return compiled(given);
        },
        { readState: compiled.readState, load: compiled.load, dispose: compiled.dispose },
      );
    },
  };
  const options = {
    model: toyModel(),
    train: toyDataset('t'),
    validation: toyDataset('v', { both: 30 }),
    optimizer: sgd(),
    learningRate: 0.1,
    steps: 6,
    batchSize: 16,
    executor,
  };
  const { params, buffers, best } = await fit(options);
  // Two functions, each with one signature of shapes over all its calls.
  expect(names.map((own) => own.length)).toEqual([1, 1]);
  const { mean } = await evaluate({ ...options, params, dataset: options.validation, metrics: { side: ['auroc'], value: ['r2'] } });
  expect(Number.isFinite(mean)).toBe(true);
  for (const tree of [params, buffers, best!.params, best!.buffers]) disposeParams(tree);
});

test('loss weightings and gradient balancers learn what is present, step, epoch and draws', async () => {
  const contexts: string[] = [];
  const losses: LossWeighting<number> = {
    kind: 'loss-weighting',
    name: 'spy',
    needs: [],
    init: () => 0,
    weigh(values, state, { step, epoch, tasks, present, uniform }) {
      contexts.push(`${step} ${epoch} ${tasks} ${Array.from(present)} ${values[1] === 0}`);
      expect(uniform('a', 3)).toEqual(uniform('a', 3));
      expect(uniform('a', 3)).not.toEqual(uniform('b', 3));
      return { weights: Float64Array.of(1, 1), state: state + 1 };
    },
  };
  const gradients: GradientBalancer<number> = {
    ...losses,
    kind: 'gradient-balancer',
    weigh: (gramian, state, context) => {
      expect(gramian[3] === 0).toBe(context.present[1] === 0);
      return losses.weigh(context.losses, state, context);
    },
  };
  for (const balancer of [losses, gradients]) {
    contexts.length = 0;
    const result = await fit({
      model: toyModel(),
      train: toyDataset('t', { sides: 4 }),
      optimizer: sgd(),
      learningRate: 0.1,
      steps: 2,
      batchSize: 4,
      balancer,
    });
    expect(contexts).toEqual(['0 0 side,value 1,0 true', '1 1 side,value 1,0 true']);
    disposeParams(result.params);
    disposeParams(result.buffers);
  }
});
