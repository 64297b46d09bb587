import { type Branch, type HostArray, hostArray, type Params, TaskloomError } from '@taskloom/core';
import { viterbi } from '@taskloom/core/losses';
import { broadcastTo, concat, expandDims, ones, reshape, slice, type Tensor, zeros } from '@tensorflow/tfjs-core';

/** The scores of a chain of tags. */
export interface TagChain {
  /** [m, T, K] */
  readonly emissions: Tensor;
  /** [K, K], from a tag to the next. */
  readonly transitions: Tensor;
  /** [K] */
  readonly start: Tensor;
  readonly end: Tensor;
  /** float32 [m, T]: 0 for padding. */
  readonly mask: Tensor;
}

/** Parameters of a chain of `count` tags: at first one tag says nothing of the next. */
export function initChain(count: number): Params {
  return { transitions: zeros([count, count]), start: zeros([count]), end: zeros([count]) };
}

/**
 * Emissions, mask and the chain's own scores as one tensor, since a head has one output: `[…, m, K + 2 + T, K + 1]`. Each row holds the transitions, start and end
 * (K + 2 of [K]), then its tokens; the last column holds the mask.
 */
export function packChain(emissions: Tensor, mask: Tensor | undefined, { transitions, start, end }: Params): Tensor {
  const rank = emissions.rank;
  const [time, count] = emissions.shape.slice(-2) as [number, number];
  const rows = emissions.shape.slice(0, -2);
  const own = concat([transitions as Tensor, expandDims(start as Tensor, -2), expandDims(end as Tensor, -2)], rank - 3);
  const kept = mask ? expandDims(mask, -1) : ones([...rows, time, 1]);
  const beside = broadcastTo(expandDims(own, -3), [...rows, count + 2, count]);
  return concat([concat([beside, emissions], rank - 2), concat([zeros([...rows, count + 2, 1]), kept], rank - 2)], rank - 1);
}

/** What `packChain` put together, of an output without leading axes. */
export function unpackChain(output: Tensor): TagChain {
  const [rows, height, width] = output.shape as [number, number, number];
  const count = width - 1;
  const time = height - count - 2;
  const first = (at: number, size: number) => slice(output, [0, at, 0], [1, size, count]);
  return {
    emissions: slice(output, [0, count + 2, 0], [rows, time, count]),
    transitions: reshape(first(0, count), [count, count]),
    start: reshape(first(count, 1), [count]),
    end: reshape(first(count + 1, 1), [count]),
    mask: reshape(slice(output, [0, count + 2, count], [rows, time, 1]), [rows, time]),
  };
}

/**
 * The best tags of a chain's scores, int32 [m, T], by Viterbi's algorithm: what a tagging head with `crf` predicts, on plain arrays, for models that were exported and
 * give `emissions` [m, T, K], `transitions` [K, K], `start` [K], `end` [K] and `mask` [m, T]. Tokens up to the last whose mask is 1 are decoded; the rest is 0.
 */
export function decodeTags(scores: Branch<HostArray>): HostArray {
  const leaf = (name: string) => {
    const found = scores[name] as HostArray | undefined;
    if (found) return found;
    throw new TaskloomError('bad_input', `The scores of a chain lack '${name}'.`, { name, expected: chainScores });
  };
  const emissions = leaf('emissions');
  const [rows, time, count] = emissions.shape as [number, number, number];
  const [transitions, start, end, mask] = [leaf('transitions').data, leaf('start').data, leaf('end').data, leaf('mask').data];
  const tags = new Int32Array(rows * time);
  for (let row = 0; row < rows; row++) {
    const length = mask.subarray(row * time, (row + 1) * time).findLastIndex((kept) => kept > 0) + 1;
    const from = row * time * count;
    tags.set(viterbi({ emissions: emissions.data.subarray(from, from + length * count), transitions, start, end }).tags, row * time);
  }
  return hostArray(tags, [rows, time]);
}

/** What an exported tagging head with `crf` gives. */
export const chainScores: readonly string[] = ['emissions', 'transitions', 'start', 'end', 'mask'];
