import { type Branch, type HostArray, hostCall, type Params, softmax, type TaskHead, TaskloomError } from '@taskloom/core';
import { crf as chainLoss, taggingCrossEntropy } from '@taskloom/core/losses';
import { argMax, cast, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { flag, jsonOf, numbers, rate, texts } from '../config';
import { chainScores, decodeTags, initChain, packChain, type TagChain, unpackChain } from './chain';
import { assertLabels, assertWidth } from './check';
import { checkHead, type ScorerOptions, scorer } from './scorer';

export interface TaggingOptions extends ScorerOptions {
  /** BIO tags, `O` first. */
  readonly labels: readonly string[];
  readonly labelSmoothing?: number;
  readonly classWeights?: readonly number[];
  /** Judge whole sequences: a linear-chain CRF over the tags. Without label smoothing and class weights. Default false. */
  readonly crf?: boolean;
}

/**
 * One of K tags for each token: logits `[m, T, K]`, softmax cross-entropy averaged over the tokens whose target is not −1. Target int32 `[m, T]`.
 * Predicts `tags` int32 `[m, T]` and `probabilities` `[m, T, K]`. Needs a trunk that returns `tokens`.
 *
 * With `crf`, logits are the emissions of a conditional random field with parameters `transitions` `[K, K]`, `start` and `end` `[K]` (Lafferty et al. 2001; over neural
 * emissions Lample et al. 2016, arXiv:1603.01360). The loss is the negative log-likelihood of the sequences divided by their number of tokens. The output packs
 * emissions and scores (`tagChain` unpacks them); it predicts `tags` alone, the best sequence, which the host finds by `decodeTags`.
 */
export function tagging(options: TaggingOptions): TaskHead {
  checkHead('tagging', options, { labels: texts }, { labelSmoothing: rate, classWeights: numbers, crf: flag });
  const { labels, labelSmoothing, classWeights, crf = false, ...rest } = options;
  assertLabels('tagging', labels, 2, classWeights);
  if (labels[0] !== 'O')
    throw new TaskloomError('bad_option', "The first tag must be 'O'.", { name: 'labels', expected: 'O', got: labels[0] });
  if (crf && (labelSmoothing || classWeights))
    throw new TaskloomError('bad_option', 'A chain of tags has no label smoothing and no class weights.', {
      name: labelSmoothing ? 'labelSmoothing' : 'classWeights',
      remedy: "Leave it out, or 'crf'.",
    });
  const score = scorer(rest, labels.length);
  const common = { kind: 'tagging', metrics: ['spanF1', 'tokenAccuracy'], config: jsonOf('tagging', options) };
  const tokensOf = (tokens: Tensor | undefined): Tensor => {
    if (!tokens)
      throw new TaskloomError('tokens_missing', 'A tagging head got an encoding without tokens.', {
        name: 'tokens',
        remedy: 'Use a trunk that sees time: textCNN, recurrent or transformer.',
      });
    assertWidth('tagging', tokens, options.inputs);
    return tokens;
  };
  if (!crf)
    return {
      ...common,
      init: score.init,
      apply: (params, { tokens }, context) => score.apply(params, tokensOf(tokens), context),
      loss: (logits, tags, weight) => taggingCrossEntropy(logits, tags as Tensor, { weight, labelSmoothing, classWeights }),
      predict: (logits) => ({ tags: argMax(logits, -1), probabilities: softmax(logits) }),
    };
  return {
    ...common,
    init: (random) => ({ ...score.init(random), ...initChain(labels.length) }),
    apply: (params: Params, { tokens, mask }, context) => packChain(score.apply(params, tokensOf(tokens), context), mask, params),
    loss(output, tags, weight) {
      const { emissions, mask: _, ...scores } = unpackChain(output);
      return chainLoss(emissions, tags as Tensor, scores, { weight, per: 'token' });
    },
    predict: (output) => ({ tags: bestTags(unpackChain(output)) }),
    scores: (output) => ({ ...unpackChain(output) }),
  };
}

/** The scores in the output of a tagging head with `crf`: with them, for example, `crfMarginals` of `@taskloom/core/losses`. */
export function tagChain(output: Tensor): TagChain {
  return unpackChain(output);
}

function bestTags(chain: TagChain): Tensor {
  const leaves = chainScores.map((name) => chain[name as keyof TagChain]);
  return tidy(() => {
    const [tags] = hostCall(leaves, [chain.mask.shape], (arrays) => {
      const scores: Branch<HostArray> = Object.fromEntries(
        chainScores.map((name, i) => [name, { shape: leaves[i]!.shape, dtype: 'float32', data: arrays[i] } as unknown as HostArray]),
      );
      return [Float64Array.from(decodeTags(scores).data)];
    });
    return cast(tags!, 'int32');
  });
}
