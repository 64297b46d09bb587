import { flatten, type Params, TaskloomError, unflatten } from '@taskloom/core';
import { add, matMul, reshape, stack, type Tensor, type Tensor1D, type Tensor2D, tidy } from '@tensorflow/tfjs-core';

/**
 * G = J Jᵀ, float32 [tasks, tasks]: inner products of gradient trees of one structure, summed over leaves, so that the Jacobian is never held
 * whole. The caller owns it.
 */
export function gramianOf(rows: readonly Params[]): Tensor2D {
  return tidy(() => {
    let total: Tensor2D | undefined;
    for (const leaves of leafRows(rows)) {
      total = tidy(() => {
        const jacobian = asMatrix(leaves);
        const own = matMul(jacobian, jacobian, false, true) as Tensor2D;
        return total ? add(total, own) : own;
      });
    }
    if (!total) throw new TaskloomError('no_tasks', 'A Gramian needs at least one gradient with at least one leaf.', { name: 'rows' });
    return total;
  });
}

/** Σ wᵢgᵢ, with the structure of a row; `weights` float32 [tasks]. The caller owns it. */
export function combineRows<P extends Params>(rows: readonly P[], weights: Tensor1D): P {
  const combined = leafRows(rows).map((leaves) =>
    tidy(() => reshape(matMul(reshape(weights, [1, rows.length]), asMatrix(leaves)), leaves[0]!.shape as number[])),
  );
  return rebuild(rows[0]!, combined);
}

/** For each leaf, its gradients for all tasks. */
function leafRows(rows: readonly Params[]): Tensor[][] {
  const flats = rows.map((row) => flatten(row));
  return [...(flats[0]?.keys() ?? [])].map((path) =>
    flats.map((flat) => {
      const leaf = flat.get(path);
      if (leaf) return leaf;
      throw new TaskloomError('structure_mismatch', `One gradient has no '${path}'.`, {
        name: path,
        remedy: 'All rows need the same names.',
      });
    }),
  );
}

/** [tasks, size] */
function asMatrix(leaves: readonly Tensor[]): Tensor2D {
  return reshape(stack([...leaves]), [leaves.length, leaves[0]!.size]);
}

function rebuild<P extends Params>(like: P, leaves: readonly Tensor[]): P {
  const paths = [...flatten(like).keys()];
  return unflatten(paths.map((path, i) => [path, leaves[i]!] as const)) as unknown as P;
}
