import {
  add,
  argMax,
  cast,
  clipByValue,
  div,
  equal,
  expandDims,
  floorDiv,
  greaterEqual,
  lessEqual,
  maximum,
  mod,
  mul,
  ones,
  range,
  reshape,
  type Scalar,
  scalar,
  sub,
  sum,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { TaskloomError } from '../error';
import { logSoftmax } from '../ops';
import { assertNumbers, never } from './classes';
import { type CrossEntropyOptions, crossEntropy, crossEntropyRows } from './cross-entropy';
import { assertSameShape } from './shapes';
import { type RowWeights, weightedMean } from './weighted-mean';

export interface SequenceCrossEntropyOptions extends Omit<CrossEntropyOptions, 'ignore'> {
  /** float32 [m, T]: 0 leaves a token out, its target and its logits being whatever finite they are. Default: all 1. */
  readonly mask?: Tensor;
  /** What is counted once: a `token` (long sequences count more), or a `sequence`, with the mean of its tokens. Default `token`. */
  readonly per?: 'token' | 'sequence';
}

/**
 * Cross-entropy of every token of a sequence (a language model's, a decoder's): `logits` [m, T, V], `target` int32 [m, T], `weight` [m] per sequence; float32 [].
 * The weighted mean over the tokens whose mask is 1, or over the sequences that have such a token. 0, with zero gradient, where there is none.
 */
export function sequenceCrossEntropy(logits: Tensor, target: Tensor, options: SequenceCrossEntropyOptions = {}): Scalar {
  const { mask, weight, per = 'token', ...rest } = options;
  assertNumbers(logits, target);
  if (mask) assertSameShape(target, mask);
  return tidy(() => {
    const [rows, time, classes] = logits.shape as [number, number, number];
    const flat = [reshape(logits, [rows * time, classes]), reshape(target, [rows * time])] as const;
    if (per === 'token') {
      const both = weight && mask ? mul(expandDims(weight, -1), mask) : mask;
      const each = both ?? (weight && mul(expandDims(weight, -1), ones([rows, time])));
      return crossEntropy(...flat, { ...rest, weight: each && reshape(each, [rows * time]) });
    }
    const values = reshape(crossEntropyRows(...flat, rest), [rows, time]);
    if (!mask) return weightedMean(sum(mul(values, 1 / time), -1), weight);
    const count = sum(mask, -1);
    const has = clipByValue(count, 0, 1);
    return weightedMean(div(sum(mul(values, mask), -1), maximum(count, 1e-30)), weight ? mul(has, weight) : has);
  });
}

export interface SpanOptions extends RowWeights {
  /** float32 [m, T]: 0 for a token at which no span may begin or end (padding, the question). Default: all 1. */
  readonly mask?: Tensor;
}

/**
 * Span question answering: the mean of the cross-entropies of where the answer starts and where it ends, softmax over the tokens; float32 []. Logits [m, T] each,
 * `starts` and `ends` int32 [m]. A row counts where both are tokens that the mask allows: a missing answer is −1. Devlin et al. 2019, arXiv:1810.04805.
 */
export function spanExtraction(
  startLogits: Tensor,
  endLogits: Tensor,
  starts: Tensor,
  ends: Tensor,
  { mask, weight }: SpanOptions = {},
): Scalar {
  assertNumbers(startLogits, starts);
  assertNumbers(endLogits, ends);
  assertSameShape(startLogits, endLogits);
  if (mask) assertSameShape(startLogits, mask);
  return tidy(() => {
    const parts = [[startLogits, starts] as const, [endLogits, ends] as const].map(([logits, place]) => {
      const chosen = cast(equal(expandDims(cast(place, 'int32'), -1), range(0, logits.shape[1]!, 1, 'int32')), 'float32');
      const right = mask ? mul(chosen, mask) : chosen;
      return { values: sum(mul(right, logSoftmax(allowed(logits, mask))), -1), known: sum(right, -1) };
    });
    const [start, end] = parts as [(typeof parts)[0], (typeof parts)[0]];
    const known = mul(start.known, end.known);
    return weightedMean(mul(add(start.values, end.values), -0.5), weight ? mul(known, weight) : known);
  });
}

/** The likeliest span of at most `longest` tokens: `starts` and `ends` (inclusive) int32 [m], that which maximises the sum of both logits. */
export function likeliestSpans(
  startLogits: Tensor,
  endLogits: Tensor,
  { mask, longest = Number.POSITIVE_INFINITY }: { readonly mask?: Tensor; readonly longest?: number } = {},
): { readonly starts: Tensor; readonly ends: Tensor } {
  assertSameShape(startLogits, endLogits);
  if (!(longest >= 1))
    throw new TaskloomError('bad_option', "'longest' is out of range.", { name: 'longest', got: String(longest), expected: '≥ 1' });
  const [starts, ends] = tidy(() => {
    const [rows, time] = startLogits.shape as [number, number];
    const [i, j] = [reshape(range(0, time, 1, 'int32'), [time, 1]), reshape(range(0, time, 1, 'int32'), [1, time])];
    const length = add(sub(j, i), scalar(1, 'int32'));
    const far = scalar(Math.min(longest, time), 'int32');
    const fits = mul(cast(greaterEqual(length, scalar(1, 'int32')), 'float32'), cast(lessEqual(length, far), 'float32'));
    const sums = add(expandDims(allowed(startLogits, mask), -1), expandDims(allowed(endLogits, mask), 1));
    const best = argMax(reshape(add(sums, mul(sub(1, fits), 2 * never)), [rows, time * time]), -1);
    const size = scalar(time, 'int32');
    return [floorDiv(best, size), mod(best, size)];
  }) as unknown as [Tensor, Tensor];
  return { starts, ends };
}

function allowed(logits: Tensor, mask: Tensor | undefined): Tensor {
  return mask ? add(logits, mul(sub(1, mask), never)) : logits;
}
