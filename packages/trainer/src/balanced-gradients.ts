import { flatten, mapTree, matcher, merge, type Params, unflatten, valueAndGradients } from '@taskloom/core';
import { add, addN, dot, mul, type Scalar, slice, squeeze, stack, sum, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core';
import { hostBalancedRows } from './balanced-rows';
import { forward, zero } from './forward';
import { onOwnRows, ownRows } from './own-rows';
import type { RowBalancing } from './row-balancing';
import { type GradientInputs, type StepGradients, sumOf } from './summed-gradients';

/**
 * The task gradients gᵢ of the shared parameters, their Gramian G = J Jᵀ, the host's weights w(G), and Σ wᵢ gᵢ as the shared update. A task's own
 * parameters get their own gradient with weight 1, as LibMTL and TorchJD do: the weights settle a conflict between tasks, and a head has none.
 * Auxiliary losses are added with weight 1 and kept out of G. One forward and backward pass per task and micro-batch, of the task's own rows where that takes less. A method that compares k batches gets the first k-th
 * of the micro-batches as its first batch, and so on.
 */
export function balancedGradients(inputs: GradientInputs, balancing: RowBalancing, memory: Params): StepGradients {
  const { tasks, batches, random } = inputs;
  const compared = 'method' in balancing ? (balancing.method.batches ?? 1) : 1;
  const selected = matcher(inputs.wrt);
  let buffers = inputs.buffers;
  let changed: Params = {};
  const rows: Params[] = [];
  const own: Record<string, Params> = {};
  const losses: Tensor[] = [];
  let auxiliary: { value: Scalar; gradients: Params } | undefined;

  for (const [b, batch] of batches.entries()) {
    // What changes buffers looks at all rows of a batch.
    const narrow = Object.keys(buffers).length === 0 && onOwnRows(batch, tasks);
    const pass = (task: string | undefined) => {
      // Without a task, only the auxiliary losses of a pass over all heads are asked for.
      let hasAuxiliary = false;
      const result = valueAndGradients(
        (params) => {
          const seen = narrow && task !== undefined ? ownRows(batch, task) : batch;
          const all = forward(inputs.model, params, buffers, seen, random.fold(b), task === undefined ? tasks : [task]);
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
    const first = Math.floor((b * compared) / batches.length) * tasks.length;
    const values = tasks.map((task, i) => {
      const result = pass(task);
      hasAuxiliary ||= result.hasAuxiliary;
      rows[first + i] = sumOf(rows[first + i], result.gradients.shared as Params);
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

  // Each batch that is compared has losses and heads' gradients of its own.
  const total = mul(addN(losses), 1 / compared) as Tensor1D;
  const heads = mapTree<Tensor, Tensor>(own, (leaf) => mul(leaf, 1 / compared)) as Params;
  const {
    update: shared,
    weights,
    memory: next,
  } = hostBalancedRows(balancing, {
    rows,
    memory,
    losses: total,
    random: random.fold('balancing'),
  });
  const gradients: Params = { shared, ...(Object.keys(own).length > 0 ? { tasks: heads } : {}) };
  return {
    gradients: auxiliary ? withAdded(gradients, auxiliary.gradients) : gradients,
    losses: total,
    total: add(dot(weights, total), auxiliary?.value ?? zero()),
    weights,
    buffers,
    memory: next,
  };
}

function withAdded(gradients: Params, more: Params): Params {
  const extra = flatten(more);
  return unflatten([...flatten(gradients)].map(([path, leaf]) => [path, extra.has(path) ? add(leaf, extra.get(path)!) : leaf] as const));
}

function shareOf(share: Tensor1D, task: number): Scalar {
  return squeeze(slice(share, [task], [1])) as Scalar;
}
