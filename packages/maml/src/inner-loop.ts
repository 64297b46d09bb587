import { flatten, isLeaf, matcher, merge, type Params, type Pattern, TaskloomError, unflatten, valueAndGradients } from '@taskloom/core';
import { mul, type Scalar, scalar, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
import { detach } from './detach';

/** α: one number, a float32 [] tensor, or a tree with a rate (of the leaf's shape, or []) for every adapted leaf, which may itself be learned (Meta-SGD). */
export type InnerLearningRate = number | Scalar | Params;

/** What a loss may want to know of the pass it is in. */
export interface LossContext {
  readonly phase: 'support' | 'query';
  /** Inner steps taken so far. */
  readonly step: number;
}

/** The loss of one task (float32 []), or of all tasks of a batch at once (float32 [tasks]); pure and twice differentiable. */
export type MetaLoss<P, D> = (params: P, data: D, context: LossContext) => Tensor;

export interface InnerLoop {
  readonly learningRate: InnerLearningRate;
  readonly steps: number;
  /** Whether the inner gradients are constants to whoever differentiates through the loop. */
  readonly detached: boolean;
  readonly adapts: (path: string) => boolean;
}

/** φ ← φ − α ∇L_support(φ), `steps` times, over the leaves that adapt; the others are passed through. Call inside `tidy`. */
export function innerLoop<P extends Params, D>(loss: MetaLoss<P, D>, start: P, support: D, options: InnerLoop): P {
  const wrt = adaptedPaths(start, options.adapts);
  const rateOf = learningRates(options.learningRate);
  let fast = start;
  for (let step = 0; step < options.steps; step++) {
    const { gradients } = valueAndGradients((params: P) => sum(loss(params, support, { phase: 'support', step })) as Scalar, fast, {
      wrt: (path) => wrt.has(path),
    });
    const before = flatten(fast);
    const moved = [...flatten(gradients)].map(([path, gradient]): [string, Tensor] => {
      const direction = options.detached ? detach(gradient) : gradient;
      return [path, sub(before.get(path)!, mul(rateOf(path), direction))];
    });
    fast = merge(fast, unflatten(moved));
  }
  return fast;
}

/** Float leaves that match; an empty choice is a misspelt pattern. */
function adaptedPaths(params: Params, adapts: (path: string) => boolean): Set<string> {
  const paths = [...flatten(params)].filter(([path, leaf]) => leaf.dtype === 'float32' && adapts(path)).map(([path]) => path);
  if (paths.length === 0)
    throw new TaskloomError('nothing_to_adapt', 'No parameter adapts in the inner loop.', {
      name: 'adapts',
      got: [...flatten(params).keys()],
      remedy: 'Check `adapts` and `frozen` against the paths of the parameters.',
    });
  return new Set(paths);
}

function learningRates(rate: InnerLearningRate): (path: string) => Tensor {
  if (typeof rate === 'number') {
    const constant = scalar(rate);
    return () => constant;
  }
  if (isLeaf(rate)) return () => rate as Tensor;
  const rates = flatten(rate);
  return (path) => {
    const own = rates.get(path);
    if (own) return own;
    throw new TaskloomError('structure_mismatch', `There is no inner learning rate for '${path}'.`, {
      name: path,
      remedy: 'A tree of rates names every leaf that adapts.',
    });
  };
}

/** The test for the leaves that adapt: those that match `adapts` (default: all) and not `frozen` (default: none). */
export function adaptingLeaves(adapts: Pattern = '**', frozen?: Pattern): (path: string) => boolean {
  const chosen = matcher(adapts);
  const held = frozen === undefined ? () => false : matcher(frozen);
  return (path) => chosen(path) && !held(path);
}
