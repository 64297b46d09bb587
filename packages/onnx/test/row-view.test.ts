import '@tensorflow/tfjs-backend-cpu';
import {
  type Executor,
  eager,
  type HostArray,
  hostArray,
  hostRandom,
  mapTree,
  type Params,
  rowView,
  toTensor,
  valueAndGradients,
} from '@taskloom/core';
import { adagrad, applyUpdates, type Optimizer, sgd } from '@taskloom/core/optimizers';
import {
  abs,
  add,
  cast,
  expandDims,
  gather,
  mul,
  type Scalar,
  setBackend,
  sign,
  sum,
  type Tensor,
  type Tensor1D,
  tidy,
} from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { ort } from '../src/index';
import { expectSame } from './parity';

beforeAll(async () => void (await setBackend('cpu')));

const [height, width, named] = [40, 3, 12];

/** Rows with signs, some twice, and padding. */
const idsOf = (at: number) =>
  hostArray(
    Int32Array.from(hostRandom('ids').fold(at).uniform(named), (u, i) => (i % 5 === 4 ? 0 : Math.floor(u * (2 * height - 1)) - height + 1)),
  );

type State = { table: Tensor; optimizer: Params };
type Inputs = { ids: Tensor1D; weights: Tensor; step: Scalar };

/** A step on a loss of the rows that are looked up, with their signs. */
const stepOf =
  (optimizer: Optimizer) =>
  ({ table, optimizer: before }: State, { ids, weights, step }: Inputs) => {
    const params = { table };
    const { value, gradients } = valueAndGradients((p: typeof params) => {
      const looked = mul(gather(p.table, abs(ids)), expandDims(cast(sign(ids), 'float32'), 1));
      return sum(mul(add(mul(looked, looked), looked), weights)) as Scalar;
    }, params);
    const info = { step, learningRate: cast(add(mul(step, 0.01), 0.1), 'float32') as Scalar };
    const { updates, state } = optimizer.update(gradients, before as never, params, info);
    return { state: { table: applyUpdates(params, updates).table, optimizer: state as Params }, outputs: { loss: value } };
  };

/** The losses of five steps, and the tables after them: of the whole tables, or through a view of the rows that each step names. */
async function train(executor: Executor, optimizer: Optimizer, viewed: boolean) {
  const table = hostArray(hostRandom('table').normal(height * width), [height, width]);
  const large: { [name: string]: HostArray } = { table };
  const initial = tidy(() => {
    const params = { table: toTensor(table) };
    return { ...params, optimizer: optimizer.init(params) as Params };
  });
  const stateful = Object.keys(initial.optimizer).length > 0;
  if (stateful) large.sumOfSquares = hostArray(new Float32Array(height * width), [height, width]);
  const tree = (tables: { readonly [name: string]: HostArray }) => ({
    table: tables.table!,
    optimizer: stateful ? { sumOfSquares: { table: tables.sumOfSquares! } } : {},
  });
  const compiled = await executor.compile(stepOf(optimizer) as never, { state: initial as never });
  const run = compiled as unknown as (inputs: object) => Promise<{ loss: HostArray }>;
  const losses: HostArray[] = [];
  for (let at = 0; at < 5; at++) {
    const ids = idsOf(at);
    const fed = { weights: hostArray(hostRandom(at).normal(named * width), [named, width]), step: hostArray(Float32Array.of(at), []) };
    const view = viewed ? rowView(large, [ids]) : undefined;
    if (view) {
      expect(view.size).toBe(16);
      await compiled.load(tree(view.tables) as never);
    }
    losses.push((await run({ ids: view ? view.ids[0]! : ids, ...fed })).loss);
    const after: { [name: string]: HostArray } = {};
    mapTree((await compiled.readState()) as { [name: string]: HostArray }, (leaf: HostArray, path) => {
      after[path === 'table' ? path : 'sumOfSquares'] = leaf;
    });
    if (view) view.writeBack(after);
    else Object.assign(large, after);
  }
  compiled.dispose();
  return { losses: { ...losses }, large };
}

test.each([
  ['sgd', sgd()],
  ['adagrad', adagrad()],
])('five steps of %s through a view, compiled, are those of the whole table, eagerly', async (_, optimizer) => {
  const wanted = await train(eager(), optimizer, false);
  for (const [executor, viewed] of [
    [ort({ threads: 1 }), true],
    [eager(), true],
    [ort({ threads: 1 }), false],
  ] as const) {
    const got = await train(executor, optimizer, viewed);
    expectSame(got.losses as never, wanted.losses as never, 1e-5);
    expectSame(got.large, wanted.large, 1e-5);
  }
  const start = hostRandom('table').normal(height * width);
  const moved = wanted.large.table!.data.filter((value, i) => value !== start[i]).length;
  expect(moved).toBeGreaterThan(30);
  expect(moved).toBeLessThan(height * width);
});
