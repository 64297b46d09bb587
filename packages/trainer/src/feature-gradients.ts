import {
  type Branch,
  type Encoding,
  flatten,
  innerProduct,
  type Params,
  stopGradient,
  TaskloomError,
  unflatten,
  valueAndGradients,
} from '@taskloom/core';
import { add, addN, dot, mul, type Scalar, slice, squeeze, sum, type Tensor, type Tensor1D, zerosLike } from '@tensorflow/tfjs-core';
import { hostBalancedRows } from './balanced-rows';
import { forwardFeatures, forwardHeads, zero } from './forward';
import type { RowBalancing } from './row-balancing';
import type { GradientInputs, StepGradients, Trainable } from './summed-gradients';

/**
 * Task gradients at the representation z that all heads read: rows ∂Lᵢ/∂z through the heads, their Gramian, v = Σ wᵢ∂Lᵢ/∂z, and one backward pass of ⟨z, v⟩, ΣLᵢ at
 * fixed z and the auxiliary losses, which takes v through the trunk and gives each head its own gradient. All micro-batches are in one pass, for together they are the
 * columns of one Jacobian.
 */
export function featureGradients(inputs: GradientInputs, balancing: RowBalancing): StepGradients {
  const { model, tasks, batches, trainable, wrt } = inputs;
  const { parts } = model;
  if (!parts) throw withoutFeatures();
  const pass = valueAndGradients(
    (params: Trainable) => {
      let buffers = inputs.buffers;
      const features: Record<string, Params> = {};
      const fixed: Record<string, Params> = {};
      const own: Tensor[] = [];
      const auxiliary: Tensor[] = [];
      const headsOf = batches.map((batch, b) => {
        const random = inputs.random.fold(b);
        const trunk = forwardFeatures(model, parts, params, buffers, batch, random);
        const { mask, ...z } = trunk.features;
        features[b] = z as unknown as Params;
        fixed[b] = Object.fromEntries(Object.entries(z).map(([name, leaf]) => [name, stopGradient(leaf as Tensor)]));
        const heads = (at: Params, only: readonly string[]) =>
          forwardHeads(
            model,
            parts,
            params,
            { ...at, ...(mask ? { mask } : {}) } as unknown as Encoding,
            trunk.buffers,
            batch,
            random,
            only,
          );
        const all = heads(fixed[b]!, tasks);
        own.push(mul(all.losses, batch.share));
        for (const loss of [trunk.auxiliary, all.auxiliary]) if (loss) auxiliary.push(mul(loss, 1 / batches.length));
        buffers = all.buffers;
        return heads;
      });
      const losses = addN(own) as Tensor1D;
      const rows = tasks.map((task, i) => {
        const loss = (z: Params) =>
          addN(batches.map(({ share }, b) => dot(headsOf[b]!(z[b] as Params, [task]).losses, slice(share, [i], [1])))) as Scalar;
        return valueAndGradients(loss, fixed as Params, { unused: 'omit' }).gradients;
      });
      const read = withZeros(rows, fixed);
      const random = inputs.random.fold('balancing');
      const given = { rows: read, memory: {}, losses: stopGradient(losses), random, activations: fixed };
      const { update, weights } = hostBalancedRows(balancing, given);
      const added = addN([zero(), ...auxiliary]);
      return {
        value: addN([sum(losses), added, innerProduct(features as Params, update)]) as Scalar,
        aux: { losses, weights, added, buffers } as Branch<Tensor>,
      };
    },
    trainable,
    { wrt },
  );
  const { losses, weights, added, buffers } = pass.aux as unknown as {
    readonly losses: Tensor1D;
    readonly weights: Tensor1D;
    readonly added: Scalar;
    readonly buffers: Params;
  };
  return { gradients: pass.gradients as Params, losses, weights, total: squeeze(add(dot(weights, losses), added)), buffers, memory: {} };
}

/** Rows of one structure, of all leaves that some row has: what no head reads has no gradient. */
function withZeros(rows: readonly Params[], like: Params): Params[] {
  const flats = rows.map((row) => flatten(row));
  const read = [...flatten(like)].filter(([path]) => flats.some((flat) => flat.has(path)));
  return flats.map((flat) => unflatten(read.map(([path, leaf]) => [path, flat.get(path) ?? zerosLike(leaf)] as const)));
}

function withoutFeatures(): TaskloomError {
  return new TaskloomError('unsupported', 'The model has no representation that all tasks read: what a head sees depends on its task.', {
    name: 'at',
    got: 'features',
    remedy: "Balance the gradients of the parameters: at: 'parameters'.",
  });
}
