import { TaskloomError, take } from '@taskloom/core';
import { cast, concat, expandDims, mul, oneHot, reshape, stack, sum, type Tensor, type Tensor1D, tensor1d } from '@tensorflow/tfjs-core';
import type { Routing } from './router';

/**
 * The work that a routing means.
 * `dense`: every expert computes every row, `gates` `[…, experts]` being 0 where it was not chosen; traceable.
 * `sparse`: expert e computes `rows[e]` only, and nothing where that is undefined; `place` int32 `[n, k]` says where each row's results lie when the
 * experts' outputs are put one after another.
 */
export type Dispatch =
  | { readonly kind: 'dense'; readonly gates: Tensor }
  | { readonly kind: 'sparse'; readonly rows: readonly (Tensor1D | undefined)[]; readonly place: Tensor };

/**
 * Turns a choice into work for `experts` experts. `sparse` reads the choice on the host, which is what lets it skip experts: for eager use on backends that
 * can read synchronously, not inside a compiled step.
 */
export function dispatch(routing: Routing, experts: number, kind: Dispatch['kind'] = 'dense'): Dispatch {
  return kind === 'dense' ? { kind, gates: denseGates(routing, experts) } : sparse(routing, experts);
}

/** The rows of `x` that expert `expert` computes; undefined where there are none. */
export function expertInput(x: Tensor, work: Dispatch, expert: number): Tensor | undefined {
  if (work.kind === 'dense') return x;
  const rows = work.rows[expert];
  return rows && take(x, rows);
}

/**
 * Σ over a row's experts of gate · output. `outputs[e]` is what expert e made of its `expertInput`: `[…, width]`, all of one width.
 * Returns `[…, width]`; for `sparse`, `[n, width]`.
 */
export function combine(outputs: readonly (Tensor | undefined)[], routing: Routing, work: Dispatch): Tensor {
  const computed = outputs.filter((output) => output !== undefined);
  if (work.kind === 'dense') return weightedSum(stack(computed, computed[0]!.rank - 1), work.gates);
  return weightedSum(take(concat(computed, 0), work.place), routing.gate);
}

/** Σₑ gates[…, e]·outputs[…, e, :]. */
export function weightedSum(outputs: Tensor, gates: Tensor): Tensor {
  return sum(mul(outputs, expandDims(gates, -1)), -2);
}

/** The gates with a column for every expert, `[…, experts]`. */
export function denseGates({ index, gate }: Routing, experts: number): Tensor {
  if (index.shape[index.rank - 1] === experts) return gate;
  const chosen = cast(oneHot(index as Parameters<typeof oneHot>[0], experts), 'float32');
  return sum(mul(chosen, expandDims(gate, -1)), -2);
}

function sparse({ index }: Routing, experts: number): Dispatch {
  if (index.rank !== 2)
    throw new TaskloomError('shape_mismatch', 'Sparse dispatch takes rows.', {
      name: 'index',
      expected: '[n, k]',
      got: index.shape,
      remedy: 'Reshape the input to [n, width].',
    });
  const [n, k] = index.shape as [number, number];
  const chosen = index.dataSync();
  const lists: number[][] = Array.from({ length: experts }, () => []);
  const within = Int32Array.from(chosen, (expert, i) => lists[expert]!.push(Math.floor(i / k)) - 1);
  const start = lists.map((_, expert) => lists.slice(0, expert).reduce((sum, list) => sum + list.length, 0));
  const place = Int32Array.from(within, (position, i) => start[chosen[i]!]! + position);
  return {
    kind: 'sparse',
    rows: lists.map((list) => (list.length === 0 ? undefined : tensor1d(list, 'int32'))),
    place: reshape(tensor1d(place, 'int32'), [n, k]),
  };
}
