import {
  add,
  cast,
  concat,
  div,
  equal,
  expandDims,
  fill,
  greater,
  greaterEqual,
  matMul,
  max,
  maximum,
  minimum,
  mul,
  range,
  reshape,
  type Scalar,
  squeeze,
  sub,
  sum,
  type Tensor,
  tidy,
  transpose,
  unstack,
  zeros,
} from '@tensorflow/tfjs-core';
import { TaskloomError } from '../error';
import { hostCall } from '../executor';
import { valueAndGradients } from '../gradients';
import { logSumExp } from '../ops';
import { never } from './classes';
import { viterbi } from './viterbi';
import type { RowWeights } from './weighted-mean';

/** The scores of a linear-chain conditional random field beside its emissions (Lafferty, McCallum & Pereira 2001, ICML). */
export interface CrfScores {
  /** [K, K], from a tag to the next. */
  readonly transitions: Tensor;
  /** [K], of the first tag and of the last. Default zeros. */
  readonly start?: Tensor;
  readonly end?: Tensor;
}

export interface CrfMask {
  /**
   * float32 [m, T]: a token with 0 is left out of the chain, which links its neighbours; it may be anywhere. A sequence without a token has one path, the empty one, with
   * score 0. Default: all 1.
   */
  readonly mask?: Tensor;
}

export interface CrfOptions extends RowWeights, CrfMask {
  /** What is counted once: a `sequence`, or a `token`, which divides the sum over sequences by the number of tokens. Default `sequence`. */
  readonly per?: 'sequence' | 'token';
}

/**
 * The negative log-likelihood of tag sequences, ln Σ_paths e^score − score(tags): its weighted mean over the sequences that have a token, or its weighted sum
 * over their weighted number of tokens; float32 []. `emissions` [m, T, K], `tags` int32 [m, T]; a tag < 0 leaves its token out, as the mask does.
 *
 * One forward recursion of T steps on [m, K + 1, K + 1], relative to the score of `tags`, so that large scores do not cancel; finite for finite scores.
 * Differentiable to any order in emissions, transitions, start and end.
 */
export function crf(emissions: Tensor, tags: Tensor, scores: CrfScores, { weight, mask, per = 'sequence' }: CrfOptions = {}): Scalar {
  assertChain(emissions, scores, { mask, tags });
  return tidy(() => {
    const counted = countedTokens(tags, mask);
    const { steps, last } = pathScores(emissions, tags, scores, counted);
    const rows = sub(logPartition(sub(emissions, expandDims(steps, -1)), scores, counted), last);
    const tokens = sum(counted, -1);
    const has = minimum(tokens, 1);
    // Rows without a token have a loss of 0 anyway.
    const [given, divisor] = [weight ?? has, per === 'token' ? tokens : has];
    return div(sum(mul(rows, given)), maximum(sum(mul(divisor, given)), 1e-30)) as Scalar;
  });
}

/** The score of given tags, float32 [m]: start, emissions, transitions and end added up. Shapes as in `crf`. */
export function crfScore(emissions: Tensor, tags: Tensor, scores: CrfScores, { mask }: CrfMask = {}): Tensor {
  assertChain(emissions, scores, { mask, tags });
  return tidy(() => {
    const { steps, last } = pathScores(emissions, tags, scores, countedTokens(tags, mask));
    return add(sum(steps, -1), last);
  });
}

/** ln Σ_paths e^score, float32 [m]; `emissions` [m, T, K]. */
export function crfLogPartition(emissions: Tensor, scores: CrfScores, { mask }: CrfMask = {}): Tensor {
  assertChain(emissions, scores, { mask });
  return tidy(() => logPartition(emissions, scores, mask));
}

/** P(tag of token t = k), float32 [m, T, K], 0 for tokens that are left out: the derivative of the log-partition. Twice the cost of that. */
export function crfMarginals(emissions: Tensor, scores: CrfScores, { mask }: CrfMask = {}): Tensor {
  assertChain(emissions, scores, { mask });
  return tidy(() => valueAndGradients((p) => sum(logPartition(p.emissions, scores, mask)) as Scalar, { emissions }).gradients.emissions);
}

/**
 * The best tags, int32 [m, T] (0 for tokens that are left out), and their score, float32 [m], by Viterbi's algorithm on the host: inside a compiled step the graph is
 * split here, and none can be exported with it (export the scores, and decode with `viterbi`). Not differentiable.
 */
export function crfViterbi(
  emissions: Tensor,
  scores: CrfScores,
  { mask }: CrfMask = {},
): { readonly tags: Tensor; readonly score: Tensor } {
  assertChain(emissions, scores, { mask });
  const [rows, time, count] = emissions.shape as [number, number, number];
  const given = [emissions, scores.transitions, scores.start, scores.end, mask];
  const there = given.filter((x) => x !== undefined);
  const [tags, score] = tidy(() => {
    const [found, value] = hostCall(there, [[rows, time], [rows]], (arrays) => {
      const [all, transitions, start, end, masks] = given.map((x) => (x ? arrays[there.indexOf(x)]! : undefined));
      const [paths, values] = [new Float64Array(rows * time), new Float64Array(rows)];
      for (let row = 0; row < rows; row++) {
        const best = viterbi({
          emissions: all!.subarray(row * time * count, (row + 1) * time * count),
          transitions: transitions!,
          start,
          end,
          mask: masks?.subarray(row * time, (row + 1) * time),
        });
        paths.set(best.tags, row * time);
        values[row] = best.score;
      }
      return [paths, values];
    });
    return [cast(found!, 'int32'), value!];
  }) as [Tensor, Tensor];
  return { tags, score };
}

/** Tokens that are in the chain, float32 [m, T]. */
function countedTokens(tags: Tensor, mask: Tensor | undefined): Tensor {
  const tagged = cast(greaterEqual(cast(tags, 'int32'), 0), 'float32');
  return mask ? mul(tagged, cast(greater(mask, 0), 'float32')) : tagged;
}

/** Of the given tags: what each token adds to the score [m, T], the transition into it or the start included, and what the end adds [m]. */
function pathScores(emissions: Tensor, tags: Tensor, { transitions, start, end }: CrfScores, counted: Tensor) {
  const [, time, count] = emissions.shape as [number, number, number];
  const numbers = cast(equal(expandDims(cast(tags, 'int32'), -1), range(0, count, 1, 'int32')), 'float32');
  const chosen = mul(numbers, expandDims(counted, -1));
  // The place of each counted token from 1 on, and for every token that of the last one before it: 0 for the first.
  const places = mul(counted, range(1, time + 1, 1, 'float32'));
  const later = cast(greater(reshape(range(0, time, 1, 'float32'), [time, 1]), range(0, time, 1, 'float32')), 'float32');
  const previous = max(mul(expandDims(places, 1), later), -1);
  const chosenAt = (place: Tensor) =>
    matMul(cast(equal(expandDims(place, -1), range(1, time + 1, 1, 'float32')), 'float32'), chosen as never);
  const entered = matRows(chosenAt(previous), transitions);
  const first = cast(equal(previous, 0), 'float32');
  const into = start ? add(entered, mul(expandDims(first, -1), start)) : entered;
  const steps = sum(mul(chosen, add(emissions, into)), -1);
  const last = end ? squeeze(sum(mul(chosenAt(max(places, -1, true)), end), -1), [-1]) : zeros([emissions.shape[0]!]);
  return { steps, last };
}

/** x [m, T, K] · w [K, K] as one product. */
function matRows(x: Tensor, w: Tensor): Tensor {
  const size = w.shape[0]!;
  return reshape(matMul(reshape(x, [-1, size]), w as never), x.shape);
}

/**
 * The recursion in logarithms. State K, "not begun", is left at the first token that counts: so that tokens can be left out anywhere, and a sequence without any has
 * ln 1.
 */
function logPartition(emissions: Tensor, { transitions, start, end }: CrfScores, mask: Tensor | undefined): Tensor {
  const [rows, time, count] = emissions.shape as [number, number, number];
  const shut = fill([1, 1], never);
  // [to, from]: sums run along the last axis.
  const into = concat([transpose(transitions), start ? reshape(start, [count, 1]) : zeros([count, 1])], 1);
  const table = concat([into, concat([fill([1, count], never), shut], 1)], 0);
  // Time first, cut into its steps: the derivative of that is a stack, where T slices would each be padded to the whole.
  const perStep = unstack(transpose(concat([emissions, zeros([rows, time, 1])], -1), [1, 0, 2]), 0);
  const kept = mask && unstack(transpose(expandDims(mask, -1), [1, 0, 2]), 0);
  const left = mask && unstack(transpose(expandDims(sub(1, mask), -1), [1, 0, 2]), 0);
  let state = concat([fill([rows, count], never), zeros([rows, 1])], 1);
  for (let t = 0; t < time; t++) {
    const next = add(logSumExp(add(expandDims(state, 1), table)), perStep[t]!);
    state = kept && left ? add(mul(kept[t]!, next), mul(left[t]!, state)) : next;
  }
  return logSumExp(end ? add(state, concat([reshape(end, [1, count]), zeros([1, 1])], 1)) : state);
}

function assertChain(emissions: Tensor, { transitions, start, end }: CrfScores, { mask, tags }: { mask?: Tensor; tags?: Tensor }): void {
  const [rows, time, count] = emissions.shape;
  const wrong = (name: string, got: Tensor, expected: readonly (number | undefined)[]) => {
    if (got.shape.join() === expected.join()) return;
    throw new TaskloomError('shape_mismatch', `'${name}' does not fit the emissions [${emissions.shape}].`, {
      name,
      expected: `[${expected}]`,
      got: `[${got.shape}]`,
    });
  };
  if (emissions.rank !== 3)
    throw new TaskloomError('shape_mismatch', 'Emissions have three axes.', {
      name: 'emissions',
      expected: '[m, T, K]',
      got: `[${emissions.shape}]`,
    });
  wrong('transitions', transitions, [count, count]);
  if (start) wrong('start', start, [count]);
  if (end) wrong('end', end, [count]);
  if (mask) wrong('mask', mask, [rows, time]);
  if (tags) wrong('tags', tags, [rows, time]);
}
