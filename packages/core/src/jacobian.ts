import { add, concat, matMul, reshape, slice, stack, type Tensor, type Tensor1D, type Tensor2D, tidy, zeros } from '@tensorflow/tfjs-core';
import type { DerivedRows, JacobianMethod } from './balancing';
import { TaskloomError } from './error';
import { flatten, mapParams, type Params, unflatten } from './params';
import type { Random } from './random';
import { tensorArithmetic, tensorColumns } from './tensor-columns';

/**
 * G = J Jᵀ, float32 [rows, rows]: inner products of gradient trees of one structure, summed over leaves, so that the Jacobian is never held
 * whole. `memory` has the same structure, each leaf [m, …] being m rows more; `derived` makes others of all these. The caller owns it.
 */
export function gramianOf(rows: readonly Params[], memory?: Params, derived?: DerivedRows): Tensor2D {
  return tidy(() => {
    let total: Tensor2D | undefined;
    for (const { matrix } of inOrderOfUse(leafRows(rows, memory, derived))) {
      total = tidy(() => {
        const jacobian = matrix();
        const own = matMul(jacobian, jacobian, false, true) as Tensor2D;
        return total ? add(total, own) : own;
      });
    }
    if (!total) throw new TaskloomError('no_tasks', 'A Gramian needs at least one gradient with at least one leaf.', { name: 'rows' });
    return total;
  });
}

/** The same for each leaf by itself, [leaves, rows, rows], in the order of `flatten`. */
export function gramiansByLeaf(rows: readonly Params[]): Tensor {
  return tidy(() =>
    stack(
      leafRows(rows).map(({ matrix }) =>
        tidy(() => {
          const jacobian = matrix();
          return matMul(jacobian, jacobian, false, true);
        }),
      ),
    ),
  );
}

/** Σ wᵢgᵢ, with the structure of a row; `weights` float32 [tasks], or [leaves, tasks] with weights of their own for each leaf. The caller owns it. */
export function combineRows<P extends Params>(rows: readonly P[], weights: Tensor1D | Tensor2D): P {
  const byLeaf = weights.rank === 2;
  return unflatten(
    leafRows(rows).map(({ path, shape, matrix }, i) => [
      path,
      tidy(() => {
        const own = byLeaf ? slice(weights as Tensor2D, [i, 0], [1, rows.length]) : reshape(weights, [1, rows.length]);
        return reshape(matMul(own, matrix()), [...shape]);
      }),
    ]),
  ) as unknown as P;
}

/** The rows that a method begins with, all zero: with the structure of `params`, leaves [memory, …]. Empty where it carries none. The caller owns them. */
export function jacobianMemory<P extends Params>(method: Pick<JacobianMethod, 'memory'>, params: P, tasks: number): Params {
  const count = method.memory?.(tasks) ?? 0;
  return count === 0 ? {} : mapParams(params, (leaf) => zeros([count, ...leaf.shape]));
}

/** A method's update and new memory from its coefficients, leaf by leaf. `activations`: the representation that the rows are gradients of. The caller owns them. */
export function combineColumns<P extends Params>(
  { columns, derived }: Pick<JacobianMethod, 'columns' | 'derived'>,
  {
    rows,
    memory,
    coefficients,
    random,
    activations,
  }: {
    readonly rows: readonly P[];
    readonly memory?: Params;
    readonly coefficients: Tensor1D;
    readonly random: Random;
    readonly activations?: Params;
  },
): { update: P; memory: Params } {
  const values = activations && flatten(activations);
  return treesOf(
    leafRows(rows, memory, derived).map(({ path, shape, memories, matrix }) => ({
      path,
      shape,
      made() {
        const all = matrix();
        if (columns) return columns.apply(all, reshape(coefficients, [-1, 1]), tensorColumns(random.fold(path), values?.get(path)));
        return matMul(reshape(coefficients, [1 + memories, all.shape[0]]), all);
      },
    })),
  );
}

/** All rows whole, float32 [rows, parameters], leaf after leaf. The caller owns it. */
export function joinedLeaves(rows: readonly Params[], memory?: Params): Tensor2D {
  return tidy(() =>
    concat(
      leafRows(rows, memory).map(({ matrix }) => matrix()),
      1,
    ),
  );
}

/** Rows [1 + memory, parameters] as trees with the structure of `row`: the first, and the others. The caller owns them. */
export function splitLeaves<P extends Params>(row: P, rows: Tensor2D): { update: P; memory: Params } {
  let start = 0;
  return treesOf(
    [...flatten(row)].map(([path, { shape, size }]) => {
      const from = start;
      start += size;
      return { path, shape, made: () => slice(rows, [0, from], [rows.shape[0], size]) };
    }),
  );
}

/** What was made of each leaf's rows, [1 + memory, size]: the first row in the leaf's shape, and the others. */
function treesOf<P extends Params>(
  leaves: readonly { readonly path: string; readonly shape: readonly number[]; made(): Tensor }[],
): {
  update: P;
  memory: Params;
} {
  const update: [string, Tensor][] = [];
  const kept: [string, Tensor][] = [];
  for (const { path, shape, made } of leaves) {
    const [own, left] = tidy(() => {
      const rows = made() as Tensor2D;
      const [count, size] = rows.shape;
      return [
        reshape(slice(rows, [0, 0], [1, size]), [...shape]),
        ...(count > 1 ? [reshape(slice(rows, [1, 0], [count - 1, size]), [count - 1, ...shape])] : []),
      ];
    });
    update.push([path, own!]);
    if (left) kept.push([path, left]);
  }
  return { update: unflatten(update) as unknown as P, memory: unflatten(kept) };
}

/**
 * The leaves as their gradients come, the last layers' first. A compiler runs this order, and so drops the gradients of a layer before it makes those of the layer below,
 * where nothing else needs them.
 */
function inOrderOfUse(leaves: readonly LeafRows[]): LeafRows[] {
  return [...leaves].sort((a, b) => a.made - b.made);
}

interface LeafRows {
  readonly path: string;
  readonly shape: readonly number[];
  /** Tensors are numbered as they are made. */
  readonly made: number;
  readonly memories: number;
  /** [rows, size], made when asked for. */
  matrix(): Tensor2D;
}

function leafRows(rows: readonly Params[], memory?: Params, derived?: DerivedRows): LeafRows[] {
  const flats = rows.map((row) => flatten(row));
  const carried = memory && flatten(memory);
  return [...(flats[0] ?? [])].map(([path, { shape, size, id }]) => {
    const leaves = flats.map((flat) => leafAt(flat, path));
    const kept = carried && carried.size > 0 ? leafAt(carried, path) : undefined;
    const memories = kept ? kept.shape[0]! : 0;
    return {
      path,
      shape,
      made: id,
      memories,
      matrix() {
        // Flat before they are joined: what leaves a compiled graph is then the joined array itself and no copy of it in another shape.
        const own = concat(
          leaves.map((leaf) => reshape(leaf, [1, size]) as Tensor2D),
          0,
        );
        const all = kept ? concat([own, reshape(kept, [memories, size]) as Tensor2D], 0) : own;
        return derived ? concat([all, derived.apply(all, tensorArithmetic)], 0) : all;
      },
    };
  });
}

function leafAt(flat: ReadonlyMap<string, Tensor>, path: string): Tensor {
  const leaf = flat.get(path);
  if (leaf) return leaf;
  throw new TaskloomError('structure_mismatch', `One gradient has no '${path}'.`, {
    name: path,
    remedy: 'All rows need the same names.',
  });
}
