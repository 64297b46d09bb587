import {
  combineRows,
  flatten,
  gramianOf,
  gramiansByLeaf,
  jacobianMemory,
  jacobianRows,
  matcher,
  merge,
  type Params,
  type Pattern,
  select,
  stopGradient,
  TaskloomError,
  valueAndGradients,
} from '@taskloom/core';
import { dot, mean, reshape, type Scalar, sum, type Tensor1D, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { type Asked, asking } from './ask-method';
import { type BalancedRows, balancedRows } from './balanced-rows';
import { conflictOf } from './conflict';
import type { AnyParameterOptions, BlockGradientsOptions, BlockStates, MultiTaskGradients } from './multi-task-gradients';

/** Balances the gradients of the parameters. */
export function atParameters<P extends Params, S>(options: AnyParameterOptions<P, S>): MultiTaskGradients<P, S> {
  const { method, params, wrt, shared, store, blocks } = options;
  let state: () => S;
  const tensors = tidy(() => {
    const stateful = blocks === undefined ? method : { name: method.name, init: () => ({}) as S };
    const asked = asking<S>(options, stateful, () => options.losses(params, 0).size);
    const { present, names } = asked;
    state = asked.state;
    const batches = method.kind === 'jacobian-method' ? (method.batches ?? 1) : 1;
    const passes = Array.from({ length: batches }, (_, batch) =>
      jacobianRows((p: P) => options.losses(p, batch), params, { wrt, tasks: names.length }),
    );
    const { values: losses, rows } = passes[0]!;
    const sharedOf = (all: readonly P[]) => (shared === undefined ? all : all.map((row) => sharedPart(row, shared)));
    const own = sharedOf(rows);
    const others = () => (shared === undefined ? {} : combineRows(rows, present));
    const made = ({ gramian, weights, update, memory }: BalancedRows<Params>) => ({
      gradients: (shared === undefined ? update : merge(others(), update)) as P,
      losses,
      gramian,
      weights,
      memory,
      conflict: conflictOf(gramian, present),
    });

    if (method.kind === 'jacobian-method') {
      const memory = options.memory ?? jacobianMemory(method, own[0]!, names.length);
      const all = passes.flatMap((pass) => sharedOf(pass.rows));
      return made(balancedRows(asked, method, losses, all, { memory }));
    }
    if (blocks !== undefined) {
      const { gramian, weights } = byBlock(
        options as unknown as BlockGradientsOptions<Params, S>,
        asked as unknown as Asked<BlockStates<S>>,
        own,
        losses,
      );
      return made({ gramian, weights: mean(weights, 0), update: combineRows(own, weights), memory: {} });
    }
    if (store !== 'nothing') return made(balancedRows(asked, method, losses, own));
    const gramian = gramianOf(own);
    const weights = asked.weights(method, gramian, losses);
    const gradientsOf = (wanted: Pattern, factors: Tensor1D) =>
      valueAndGradients((p: P) => dot(options.losses(p, 0), stopGradient(factors)) as Scalar, params, { wrt: wanted }).gradients;
    const [selected, isShared] = [matcher(wrt ?? '**'), matcher(shared ?? '**')];
    const update = gradientsOf((path) => selected(path) && isShared(path), weights);
    const rest = (path: string) => selected(path) && !isShared(path);
    const gradients = [...flatten(params).keys()].some(rest) ? merge(gradientsOf(rest, present), update) : update;
    return { gradients: gradients as P, losses, gramian, weights, memory: {}, conflict: conflictOf(gramian, present) };
  });
  return { ...tensors, state: state!() };
}

/** Weights [leaves, tasks] from Gramians of the blocks that leaves are in. */
function byBlock<S>(
  { method, blocks }: BlockGradientsOptions<Params, S>,
  asked: Asked<BlockStates<S>>,
  rows: readonly Params[],
  losses: Tensor1D,
): { gramian: Tensor2D; weights: Tensor2D } {
  const paths = [...flatten(rows[0]!).keys()];
  const nameOf = blocks === 'leaf' ? (path: string) => path : blocks;
  const tasks = asked.names.length;
  const grams = gramiansByLeaf(rows);
  const [weights] = asked.call([grams], [paths.length * tasks], losses, ([values], states, context) => {
    const members = new Map<string, number[]>();
    for (const [leaf, path] of paths.entries()) members.set(nameOf(path), [...(members.get(nameOf(path)) ?? []), leaf]);
    const all = new Float64Array(paths.length * tasks);
    const next: Record<string, S> = {};
    for (const [block, leaves] of members) {
      const gramian = new Float64Array(tasks * tasks);
      for (const leaf of leaves) for (let at = 0; at < gramian.length; at++) gramian[at]! += values![leaf * gramian.length + at]!;
      const own = method.weigh(gramian, states[block] ?? method.init(context.tasks), context);
      next[block] = own.state;
      for (const leaf of leaves) all.set(own.weights, leaf * tasks);
    }
    return { values: [all], state: next };
  });
  return { gramian: sum(grams, 0), weights: reshape(weights!, [paths.length, tasks]) };
}

function sharedPart<P extends Params>(row: P, shared: Pattern): P {
  const part = select(row, shared);
  if (flatten(part).size > 0) return part as P;
  throw new TaskloomError('nothing_shared', 'No parameter matches `shared`.', {
    name: 'shared',
    got: shared,
    expected: [...flatten(row).keys()],
  });
}
