import {
  again,
  type BalancedRows,
  combineRows,
  flatten,
  gramianOf,
  gramiansByLeaf,
  jacobianRows,
  matcher,
  merge,
  type Params,
  select,
  stopGradient,
  TaskloomError,
  valueAndGradients,
} from '@taskloom/core';
import { dot, mean, reshape, type Scalar, sum, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core';
import type { Asked } from './ask-method';
import type { AnyParameterOptions, Balanced, BlockGradientsOptions, BlockStates } from './multi-task-gradients';
import { filled, plus } from './vectors';

/** Balances the gradients of the parameters. */
export function atParameters<P extends Params, S>(options: AnyParameterOptions<P, S>, asked: Asked<S>): Balanced<P> {
  const { method, params, wrt = '**', shared = '**', store, blocks } = options;
  const [selected, isShared] = [matcher(wrt), matcher(shared)];
  const isOwn = (path: string) => !isShared(path);
  const { present, names } = asked;
  const batches = method.kind === 'jacobian-method' ? (method.batches ?? 1) : 1;
  const passes = Array.from({ length: batches }, (_, batch) =>
    jacobianRows((p: P) => options.losses(p, batch), params, { wrt, tasks: names.length }),
  );
  const { values: losses, rows } = passes[0]!;
  const all = passes.flatMap((pass) => pass.rows.map((row) => select(row, isShared)));
  const own = all.slice(0, names.length);
  const paths = [...flatten(own[0] ?? {}).keys()];
  if (paths.length === 0)
    throw new TaskloomError('nothing_shared', 'No parameter matches `shared`.', {
      name: 'shared',
      got: shared,
      expected: [...flatten(rows[0] ?? {}).keys()],
    });
  // Activations kept for a second pass would outlast the first one, and take as much as the rows that are not kept.
  const afresh = store === 'nothing' ? again(params) : params;
  /** The gradients of Σ factorᵢLᵢ with respect to what `part` names, by a pass of their own. */
  const gradientsOf = (part: (path: string) => boolean, factors: Tensor1D): Params => {
    const wanted = (path: string) => selected(path) && part(path);
    if (![...flatten(params).keys()].some(wanted)) return {};
    return valueAndGradients((p: P) => dot(options.losses(p, 0), stopGradient(factors)) as Scalar, afresh, { wrt: wanted }).gradients;
  };
  const balanced = (): BalancedRows<Params> => {
    if (blocks !== undefined) {
      const { gramian, weights } = byBlock(
        options as unknown as BlockGradientsOptions<Params, S>,
        asked as unknown as Asked<BlockStates<S>>,
        paths,
        own,
        losses,
      );
      return { gramian, weights: mean(weights, 0), update: combineRows(own, weights), memory: {} };
    }
    if (store !== 'nothing' || method.kind === 'jacobian-method') return asked.rows(method, losses, { rows: all, memory: options.memory });
    const gramian = gramianOf(own);
    const [weights] = asked.weigh(method, losses, [gramian], [names.length]) as [Tensor1D];
    return { gramian, weights, update: gradientsOf(isShared, weights), memory: {} };
  };
  const { update, ...made } = balanced();
  const others =
    store === 'nothing'
      ? gradientsOf(isOwn, present)
      : combineRows(
          rows.map((row) => select(row, isOwn)),
          present,
        );
  return { ...made, gradients: merge(others, update) as P, losses };
}

/** Weights [leaves, tasks] from Gramians of the blocks that leaves are in. */
function byBlock<S>(
  { method, blocks }: BlockGradientsOptions<Params, S>,
  asked: Asked<BlockStates<S>>,
  paths: readonly string[],
  rows: readonly Params[],
  losses: Tensor1D,
): { gramian: Tensor2D; weights: Tensor2D } {
  const names = blocks === 'leaf' ? paths : paths.map(blocks);
  const tasks = asked.names.length;
  const grams = gramiansByLeaf(rows);
  const [weights] = asked.call([grams], [paths.length * tasks], losses, ([values], states, context) => {
    const all = filled(paths.length * tasks, 0);
    const next: Record<string, S> = {};
    for (const block of new Set(names)) {
      const leaves = [...names.keys()].filter((leaf) => names[leaf] === block);
      const gramian = leaves
        .map((leaf) => values!.slice(leaf * tasks ** 2, (leaf + 1) * tasks ** 2))
        .reduce((a, b) => plus(a, b), filled(tasks ** 2, 0));
      const own = method.weigh(gramian, states[block] ?? method.init(context.tasks), context);
      next[block] = own.state;
      for (const leaf of leaves) all.set(own.weights, leaf * tasks);
    }
    return { values: [all], state: next };
  });
  return { gramian: sum(grams, 0), weights: reshape(weights!, [paths.length, tasks]) };
}
