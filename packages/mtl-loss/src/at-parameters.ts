import {
  again,
  type BalancedRows,
  combineRows,
  flatten,
  type GradientBalancer,
  gramianOf,
  gramiansByLeaf,
  hostRowsOf,
  type JacobianMethod,
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
import type { AnyParameterOptions, Balanced, BlockStates, Made } from './multi-task-gradients';
import { filled, plus } from './vectors';

/** Balances the gradients of the parameters. */
export function atParameters<P extends Params, S>(options: AnyParameterOptions<P, S>, asked: Asked<S>): Made<Balanced<P>> {
  const { method, params, wrt = '**', shared = '**', store, blocks } = options;
  const [selected, isShared] = [matcher(wrt), matcher(shared)];
  const isOwn = (path: string) => !isShared(path);
  const { present, tasks } = asked;
  const { batches = 1 } = method as Partial<JacobianMethod>;
  const passes = Array.from({ length: batches }, (_, batch) => jacobianRows((p: P) => options.losses(p, batch), params, { wrt, tasks }));
  const { values: losses, rows } = passes[0]!;
  const all = passes.flatMap((pass) => pass.rows.map((row) => select(row, isShared)));
  const own = all.slice(0, tasks);
  const paths = pathsOf(own[0]);
  if (paths.length === 0)
    throw new TaskloomError('nothing_shared', 'No parameter matches `shared`.', {
      name: 'shared',
      got: shared,
      expected: pathsOf(rows[0]),
    });
  // Activations kept for a second pass would outlast the first one, and take as much as the rows that are not kept.
  const afresh = store === 'nothing' ? again(params) : params;
  /** The gradients of Σ factorᵢLᵢ with respect to what `part` names, by a pass of their own. */
  const gradientsOf = (part: (path: string) => boolean, factors: Tensor1D): Params => {
    const wanted = (path: string) => selected(path) && part(path);
    if (!pathsOf(params).some(wanted)) return {};
    return valueAndGradients((p: P) => dot(options.losses(p, 0), stopGradient(factors)) as Scalar, afresh, { wrt: wanted }).gradients;
  };
  const balanced = (): Made<BalancedRows<Params>> => {
    if (blocks) {
      const products = gramiansByLeaf(own);
      const each = byBlock(method as GradientBalancer<S>, blocks === 'leaf' ? paths : paths.map(blocks));
      const [flat] = asked.weigh(each, losses, [products], [paths.length * tasks]);
      const weights = reshape(flat!, [paths.length, tasks]) as Tensor2D;
      return { gramian: sum(products, 0), weights: mean(weights, 0), update: combineRows(own, weights) };
    }
    if (store !== 'nothing' || method.kind === 'jacobian-method') return asked.rows(method, losses, { rows: all, memory: options.memory });
    const gramian = gramianOf(own);
    const [weights] = asked.weigh(method, losses, [gramian], [tasks]) as [Tensor1D];
    return { gramian, weights, update: gradientsOf(isShared, weights) };
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

function pathsOf(tree: Params = {}): string[] {
  return [...flatten(tree).keys()];
}

/** The method for each block by itself: weights [leaves, tasks] from the Gramians of the leaves, `blocks` naming that of each leaf. */
function byBlock<S>(method: GradientBalancer<S>, blocks: readonly string[]): GradientBalancer<S> {
  const each: Pick<GradientBalancer<BlockStates<S>>, 'init' | 'weigh'> = {
    init: () => ({}),
    weigh(gramians, states, context) {
      const tasks = context.tasks.length;
      const products = hostRowsOf(gramians, blocks.length);
      const weights = filled(blocks.length * tasks, 0);
      const state: Record<string, S> = {};
      for (const block of new Set(blocks)) {
        const leaves = [...blocks.keys()].filter((leaf) => blocks[leaf] === block);
        const gramian = leaves.map((leaf) => products[leaf]!).reduce((a, b) => plus(a, b));
        const own = method.weigh(gramian, states[block] ?? method.init(context.tasks), context);
        state[block] = own.state;
        for (const leaf of leaves) weights.set(own.weights, leaf * tasks);
      }
      return { weights, state };
    },
  };
  // Its states are those of the step, which only it reads.
  return { ...method, ...each } as unknown as GradientBalancer<S>;
}
