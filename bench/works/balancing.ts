import { type GradientBalancer, hostArray, hostRandom, jacobianMethod, type Params, random, run } from '@taskloom/core';
import { adam, applyUpdates } from '@taskloom/core/optimizers';
import { dynamicWeightAverage, famo, mgda, multiTaskGradients, stch, trimmedMean, uncertainty } from '@taskloom/mtl-loss';
import { classification, multiTaskModel, transformer } from '@taskloom/shared-encoder';
import { ones, range, type Scalar, stack, type Tensor, type Tensor1D, tidy } from '@tensorflow/tfjs-core';
import { hostBalancing } from '../../packages/trainer/src/host-balancing';
import { initialState, type StepOptions, trainingStep } from '../../packages/trainer/src/step';

/** The number that the command line gives. */
export const flag = (name: string, standard: number) =>
  Number(process.argv.find((word) => word.startsWith(`--${name}=`))?.split('=')[1] ?? standard);
/** The transformer of `transformer.ts` with seven heads, or as many, and as wide, as asked for. */
const width = flag('width', 256);
const classes = Array.from({ length: flag('tasks', 7) }, (_, i) => [20, 5, 3, 2, 4, 10, 6][i % 7]!);
const tasks = classes.map((_, i) => `task${i}`);
const length = 64;

function model() {
  return multiTaskModel({
    trunk: transformer({ size: 10_000, width, heads: 8, hidden: 4 * width, blocks: 4, length, dropout: 0.1 }),
    heads: Object.fromEntries(
      classes.map((count, i) => [
        tasks[i]!,
        classification({ inputs: width, labels: Array.from({ length: count }, (_, k) => `label ${k}`) }),
      ]),
    ),
  });
}

/** The step of `fit` under a way of balancing. */
function fitStep(make: () => Parameters<typeof hostBalancing>[0], at?: 'features') {
  const balancer = make();
  const net = model();
  const host = hostBalancing(balancer, tasks, 0);
  const balancing: StepOptions['balancing'] =
    balancer?.kind === 'scalarization'
      ? balancer
      : balancer?.kind === 'loss-weighting'
        ? host.ahead
          ? host.ahead
          : host.weighLosses
        : balancer?.kind === 'gradient-balancer'
          ? { weighGramian: host.weighGramian, at }
          : balancer?.kind === 'jacobian-method'
            ? { weighRows: host.weighRows, method: balancer, at }
            : 'sum';
  const plan = { model: net, tasks, optimizer: adam(), balancer, wrt: '**', accumulate: 1 };
  return {
    step: trainingStep({ ...plan, balancing, lossesAfter: host.afterStep !== undefined }) as never,
    init: () => initialState(plan, { params: net.init(random('bench')), buffers: {} }) as never,
    after: (outputs: { readonly [name: string]: { readonly data: ArrayLike<number> } }) => {
      const losses = Float64Array.from(outputs.losses!.data);
      host.ahead?.note(losses);
      if (outputs.lossesAfter) host.afterStep?.(losses, Float64Array.from(outputs.lossesAfter.data));
    },
  };
}

/** `multiTaskGradients` and Adam, the rows of the Jacobian dropped once they are in the Gramian. */
function rowless(rows: number, method: GradientBalancer<null>) {
  const net = model();
  const optimizer = adam();
  return {
    step: ((state: { params: Params; optimizer: Params }, { batches, key, step, learningRate }: Inputs) => {
      const batch = batches[0]!;
      const losses = (params: Params) => {
        const input = {
          inputs: batch.inputs,
          tasks: Object.fromEntries(tasks.map((task) => [task, { index: range(0, rows, 1, 'int32') }])),
        };
        const { output } = run(net, params as never, input as never, { training: true, random: random(key) });
        return stack(
          tasks.map((task) => net.heads[task]!.loss(output[task]!, batch.tasks[task]!.target, ones([rows]) as Tensor1D)),
        ) as Tensor1D;
      };
      const { gradients, losses: values } = multiTaskGradients({
        losses,
        params: state.params,
        method,
        tasks,
        shared: 'shared/**',
        store: 'nothing',
      });
      const { updates, state: next } = optimizer.update(gradients, state.optimizer, state.params, { step, learningRate });
      return { state: { params: applyUpdates(state.params, updates), optimizer: next }, outputs: { losses: values } };
    }) as never,
    init: () => {
      const params = net.init(random('bench')) as unknown as Params;
      return { params, optimizer: tidy(() => optimizer.init(params)) } as never;
    },
    after: undefined,
  };
}

interface Inputs {
  readonly batches: {
    readonly [index: string]: { readonly inputs: Params; readonly tasks: { readonly [task: string]: { readonly target: Tensor } } };
  };
  readonly key: Tensor1D;
  readonly step: Scalar;
  readonly learningRate: Scalar;
}

/** MGDA as one function of inner products and a combination; and the sum of rows, number by number on the host. */
const byCombination = () => {
  const inner = mgda();
  return jacobianMethod<null>({
    name: 'by-combination',
    needs: ['gramian'],
    init: () => null,
    step: ({ gramian, combine }, state, context) => ({ update: combine(inner.weigh(gramian(0), null, context).weights), state }),
  });
};
const byNumbers = () =>
  jacobianMethod<null>({
    name: 'by-numbers',
    needs: ['gradients'],
    rows: true,
    init: () => null,
    step({ rows }, state) {
      const update = new Float64Array(rows()[0]!.length);
      for (const row of rows()) for (let k = 0; k < update.length; k++) update[k]! += row[k]!;
      return { update, state };
    },
  });

/** Every way that has a bar, and methods of one's own. */
export const ways = {
  sum: () => fitStep(() => undefined),
  uncertainty: () => fitStep(() => uncertainty({ kinds: 'classification' })),
  'dynamic weight average': () => fitStep(() => dynamicWeightAverage() as never),
  stch: () => fitStep(() => stch() as never),
  'dynamic weight average over windows': () => fitStep(() => dynamicWeightAverage({ window: 25 }) as never),
  famo: () => fitStep(() => famo() as never),
  'mgda at features': () => fitStep(() => mgda() as never, 'features'),
  'mgda, rows kept': () => fitStep(() => mgda() as never),
  'trimmed mean': () => fitStep(() => trimmedMean() as never),
  'jacobianMethod, combinations': () => fitStep(() => byCombination() as never),
  'jacobianMethod, rows on the host': () => fitStep(() => byNumbers() as never),
  'mgda, no rows kept': (rows: number) => rowless(rows, mgda()),
} satisfies { readonly [name: string]: (rows: number) => unknown };

/** Rows of random ids and targets, every task on all of them, or each on its own. */
export function batch(rows: number, number: number, disjoint = false) {
  const draw = hostRandom('balancing').fold(number);
  const whole = (name: string, count: number, below: number) =>
    Int32Array.from(draw.fold(name).uniform(count), (u) => Math.floor(u * below));
  const part = disjoint ? Math.floor(rows / tasks.length) : rows;
  const float = (count: number) => hostArray(new Float32Array(count).fill(1));
  return {
    batches: {
      0: {
        inputs: {
          ids: hostArray(
            whole('ids', rows * length, 9_999).map((id) => id + 1),
            [rows, length],
          ),
        },
        tasks: Object.fromEntries(
          tasks.map((task, i) => [
            task,
            {
              index: hostArray(Int32Array.from({ length: part }, (_, k) => (disjoint ? i * part : 0) + k)),
              target: hostArray(whole(task, part, classes[i]!)),
              weight: float(part),
            },
          ]),
        ),
        present: float(tasks.length),
        share: float(tasks.length),
      },
    },
    key: hostArray(Int32Array.from(draw.key)),
    step: hostArray(Float32Array.of(number), []),
    learningRate: hostArray(Float32Array.of(1e-3), []),
  };
}
