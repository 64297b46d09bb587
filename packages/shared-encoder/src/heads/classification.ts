import { type Params, softmax, type TaskHead, TaskloomError } from '@taskloom/core';
import { crossEntropy } from '@taskloom/core/losses';
import {
  add,
  addN,
  argMax,
  div,
  expandDims,
  mean,
  mul,
  type Scalar,
  split,
  squeeze,
  stack,
  sub,
  sum,
  type Tensor,
  tensor1d,
  tensor2d,
  tidy,
  unstack,
} from '@tensorflow/tfjs-core';
import { all, flag, isCount, jsonOf, numbers, type Rule, rate, texts } from '../config';
import { assertLabels, assertThresholds, assertWidth } from './check';
import { type LinearColumns, linearMember, linearRule } from './linear-member';
import { orderedPairFeatures, partner } from './pair-features';
import { checkHead, type ScorerOptions, scorer } from './scorer';

const memberRule: Rule = {
  words: 'a whole number > 0, or a list of them and of lists of them',
  test: (value) => isCount(value) || all((own) => isCount(own) || all(isCount)(own))(value),
};

export interface ClassificationOptions extends ScorerOptions {
  readonly labels: readonly string[];
  /** Classify pairs of rows by [u, v, |u − v|, u∘v]. Default false. */
  readonly pair?: boolean;
  /** Mass spread evenly over all classes. Default 0. */
  readonly labelSmoothing?: number;
  /** One factor a class on the loss of its rows. Default: none. */
  readonly classWeights?: readonly number[];
  /** A number in (0, 1] a class: the label is that of the greatest probability divided by its number; only `predict` reads it. Default: one for all. */
  readonly thresholds?: readonly number[];
  /**
   * An ensemble in one head: the encoding is cut into so many slices, each is scored by itself and has a loss of its own, and the mean of their logits decides.
   * Over a `bagOfEmbeddings` without projection, or one of these for each part of a `joined` trunk, the slices share nothing, and so are models of their own. So many
   * equal slices, or the width of each; those in a list of their own count together as one, so that a part of the encoding with many members decides no more than one with a single one. Not with `pair`. Default 1.
   */
  readonly members?: number | readonly (number | readonly number[])[];
  /**
   * A linear model of the features beside the members (wide and deep: Cheng et al. 2016, arXiv:1606.07792): the last `of` numbers of the encoding, those of a trunk of kind `linear`, are scores, and those of
   * this head's classes begin at the `from`-th of them. They are fitted apart: the loss in training is the members' alone, and what decides is the mean of their mean logits
   * and scale·(scores + bias). With `finer` a class has twice the best of the finer scores within it besides. Not with `pair`.
   */
  readonly linear?: LinearColumns;
}

/**
 * One of K classes: logits `[m, K]`, with members `[m, members, K]` (beside a linear model the deciding `[m, 1, K]`, but in training), softmax cross-entropy. Target int32 `[m]`. Predicts `label` int32 `[m]` and
 * `probabilities` `[m, K]`.
 */
export function classification(options: ClassificationOptions): TaskHead {
  checkHead(
    'classification',
    options,
    { labels: texts },
    { pair: flag, labelSmoothing: rate, classWeights: numbers, thresholds: numbers, members: memberRule, linear: linearRule },
  );
  const { labels, pair = false, labelSmoothing, classWeights, thresholds, members: _, linear: columns, ...rest } = options;
  assertLabels('classification', labels, 2, classWeights);
  assertThresholds(thresholds, labels.length, Number.MIN_VALUE);
  const { widths, shares } = slicesOf(options);
  const common = {
    kind: 'classification',
    metrics: ['accuracy', 'macroF1'],
    config: jsonOf('classification', options),
  };
  const loss: TaskHead['loss'] = (logits, target, weight) =>
    crossEntropy(logits, target as Tensor, { weight, labelSmoothing, classWeights });
  const relative = (logits: Tensor) => (thresholds ? tidy(() => sub(logits, tensor1d(thresholds.map(Math.log)))) : logits);
  const predict: TaskHead['predict'] = (logits) => ({ label: tidy(() => argMax(relative(logits), -1)), probabilities: softmax(logits) });
  const decided = (scores: Tensor) => (shares ? sum(mul(scores, tensor2d(shares, [shares.length, 1])), -2) : mean(scores, -2));
  const linear = columns && linearMember(columns, labels.length, options.inputs);
  if (widths.length === 1 && !linear) {
    const score = scorer({ ...rest, inputs: pair ? 4 * options.inputs : options.inputs }, labels.length);
    return {
      ...common,
      init: score.init,
      apply(params, input, context) {
        assertWidth('classification', input.pooled, options.inputs);
        return score.apply(params, pair ? orderedPairFeatures(input.pooled, partner(input, 'classification')) : input.pooled, context);
      },
      loss,
      predict,
    };
  }
  const members = widths.map((inputs, i) => ({ name: String(i), score: scorer({ ...rest, inputs }, labels.length) }));
  return {
    ...common,
    init: (random) => ({
      members: Object.fromEntries(members.map(({ name, score }) => [name, score.init(random.fold('members').fold(name))])),
      ...(linear && { linear: linear.init() }),
    }),
    apply(params, { pooled }, context) {
      assertWidth('classification', pooled, options.inputs);
      const slices = split(pooled, [...widths, ...(columns ? [columns.of] : [])], -1);
      const scores = members.map(({ name, score }, i) =>
        score.apply((params.members as Params)[name] as Params, slices[i]!, context.child('members').child(name)),
      );
      const stacked = stack(scores, -2 + scores[0]!.rank + 1);
      if (!linear || context.training) return stacked;
      const both = add(decided(stacked), linear.apply(params.linear as Params, slices.at(-1)!));
      return expandDims(div(both, 2), -2);
    },
    loss(logits, target, weight) {
      const scores = unstack(logits, -2 + logits.rank);
      return div(addN(scores.map((own) => loss(own, target, weight))), scores.length) as Scalar;
    },
    // Beside a linear model what decides is all that is left.
    predict: (logits) => predict(logits.shape[logits.rank - 2] === 1 ? squeeze(logits, [-2]) : decided(logits)),
  };
}

/** The width of each member's slice, and its share in the decision where shares differ. */
function slicesOf({ members = 1, inputs: whole, pair, linear }: ClassificationOptions) {
  const inputs = whole - (linear?.of ?? 0);
  const groups = typeof members === 'number' ? new Array<number>(members).fill(inputs / members) : members;
  const widths = groups.flat();
  const shares = groups.flatMap((own) => (Array.isArray(own) ? own.map(() => 1 / groups.length / own.length) : 1 / groups.length));
  if (typeof members === 'number' ? inputs % members !== 0 : widths.reduce((a, b) => a + b, 0) !== inputs)
    throw new TaskloomError('bad_option', 'The encoding cannot be cut into these slices.', {
      name: 'members',
      got: members,
      expected: `a divisor of the width ${inputs}, or widths with this sum`,
    });
  if (pair && (widths.length > 1 || linear))
    throw new TaskloomError('bad_option', 'A head about pairs has no members.', {
      name: 'members',
      remedy: "Leave out 'members' and 'linear', or 'pair'.",
    });
  return { widths, shares: shares.every((share) => share === shares[0]) ? undefined : shares };
}
