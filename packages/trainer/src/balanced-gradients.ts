import { flatten, hostCall, matcher, merge, type Params, unflatten, valueAndGradients } from '@taskloom/core';
import {
  add,
  addN,
  dot,
  matMul,
  mul,
  reshape,
  type Scalar,
  slice,
  squeeze,
  stack,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
} from '@tensorflow/tfjs-core';
import { forward, zero } from './forward';
import { type GradientInputs, type StepGradients, sumOf } from './summed-gradients';

/** Weights for a Gramian [tasks, tasks] (row-major) and losses [tasks], on the host. */
export type WeighGramian = (gramian: Float64Array, losses: Float64Array) => Float64Array;

/**
 * The task gradients gᵢ of the shared parameters, their Gramian G = J Jᵀ, the host's weights w(G), and Σ wᵢ gᵢ as the shared update. A task's own
 * parameters get their own gradient with weight 1, as LibMTL and TorchJD do: the weights settle a conflict between tasks, and a head has none.
 * Auxiliary losses are added with weight 1 and kept out of G. One forward and backward pass per task and micro-batch.
 */
export function balancedGradients(inputs: GradientInputs, weigh: WeighGramian): StepGradients {
  const { tasks, batches, random } = inputs;
  const selected = matcher(inputs.wrt);
  let buffers = inputs.buffers;
  let changed: Params = {};
  const rows: Params[] = [];
  const own: Record<string, Params> = {};
  const losses: Tensor[] = [];
  let auxiliary: { value: Scalar; gradients: Params } | undefined;

  for (const [b, batch] of batches.entries()) {
    const pass = (task: string | undefined) => {
      // Without a task, only the auxiliary losses of a pass over all heads are asked for.
      let hasAuxiliary = false;
      const result = valueAndGradients(
        (params) => {
          const all = forward(inputs.model, params, buffers, batch, random.fold(b), task === undefined ? tasks : [task]);
          hasAuxiliary = all.auxiliary !== undefined;
          const value =
            task === undefined
              ? (mul(all.auxiliary!, 1 / batches.length) as Scalar)
              : (sum(mul(all.losses, shareOf(batch.share, tasks.indexOf(task)))) as Scalar);
          return { value, aux: { changed: all.changed } };
        },
        inputs.trainable,
        { wrt: (path) => selected(path) && (task === undefined || path.startsWith('shared/') || path.startsWith(`tasks/${task}/`)) },
      );
      changed = merge(changed, result.aux.changed as Params);
      return { value: result.value, gradients: result.gradients as Params, hasAuxiliary };
    };
    let hasAuxiliary = false;
    const values = tasks.map((task, i) => {
      const result = pass(task);
      hasAuxiliary ||= result.hasAuxiliary;
      rows[i] = sumOf(rows[i], result.gradients.shared as Params);
      const heads = (result.gradients.tasks as Params | undefined)?.[task] as Params | undefined;
      if (heads) own[task] = sumOf(own[task], heads);
      return result.value;
    });
    losses.push(stack(values));
    if (hasAuxiliary) {
      const result = pass(undefined);
      auxiliary = {
        value: auxiliary ? add(auxiliary.value, result.value) : result.value,
        gradients: sumOf(auxiliary?.gradients, result.gradients),
      };
    }
    buffers = merge(buffers, changed);
  }

  const total = addN(losses) as Tensor1D;
  const jacobian = jacobianByLeaf(rows);
  const gramian = addN([...jacobian.values()].map(({ matrix }) => matMul(matrix, matrix, false, true)));
  const [weights] = hostCall([gramian, total], [[tasks.length]], ([g, l]) => [weigh(g!, l!)]) as [Tensor1D];
  const shared = unflatten(
    [...jacobian].map(
      ([path, { matrix, shape }]) => [path, reshape(matMul(reshape(weights, [1, tasks.length]), matrix), [...shape])] as const,
    ),
  );
  const gradients: Params = { shared, ...(Object.keys(own).length > 0 ? { tasks: own } : {}) };
  return {
    gradients: auxiliary ? withAdded(gradients, auxiliary.gradients) : gradients,
    losses: total,
    total: add(dot(weights, total), auxiliary?.value ?? zero()),
    weights,
    buffers,
  };
}

/** The task gradients of each leaf as a matrix [tasks, size]. */
function jacobianByLeaf(rows: readonly Params[]): Map<string, { readonly matrix: Tensor2D; readonly shape: readonly number[] }> {
  const flats = rows.map((row) => flatten(row));
  return new Map(
    [...flats[0]!].map(([path, leaf]) => {
      const matrix = stack(flats.map((flat) => reshape(flat.get(path)!, [leaf.size]))) as Tensor2D;
      return [path, { matrix, shape: leaf.shape }] as const;
    }),
  );
}

function withAdded(gradients: Params, more: Params): Params {
  const extra = flatten(more);
  return unflatten([...flatten(gradients)].map(([path, leaf]) => [path, extra.has(path) ? add(leaf, extra.get(path)!) : leaf] as const));
}

function shareOf(share: Tensor1D, task: number): Scalar {
  return squeeze(slice(share, [task], [1])) as Scalar;
}
