import { type Params, valueAndGradients } from '@taskloom/core';
import {
  binaryFocal,
  contrastive,
  cosineEmbedding,
  crf,
  crfLogPartition,
  crfMarginals,
  crfViterbi,
  dice,
  distillation,
  focal,
  gaussianNll,
  hinge,
  infoNce,
  logCosh,
  multiClassHinge,
  ntXent,
  supervisedContrastive,
  triplet,
} from '@taskloom/core/losses';
import { expandDims, mul, type Scalar, type Tensor, tensor } from '@tensorflow/tfjs-core';
import type { Cases, Check, GoldenCase, Handler } from './golden';

// biome-ignore lint/suspicious/noExplicitAny: inputs and options as they are in the file.
type Json = any;
type Tensors = { readonly [name: string]: Tensor };

/** The losses of multi-task and metric learning. Where the file sums over all entries, the mean times their number. */
export const cases: Cases = {
  'log-cosh': of((x, { targets }) => logCosh(x.predictions!, tensor(targets))),
  'focal-binary': of((x, { targets }, { alpha, gamma, reduction }) => {
    const mean = binaryFocal(x.logits!, tensor(targets), { gamma, alpha: alpha < 0 ? undefined : alpha });
    return reduction === 'sum' ? mul(mean, x.logits!.size) : mean;
  }),
  'focal-multiclass': of((x, { targets }, { alpha, gamma }) => focal(x.logits!, ints(targets), { gamma, alpha: alpha ?? undefined })),
  'gaussian-nll': of((x, { targets }, { eps, full }) =>
    gaussianNll(x.predictions!, tensor(targets), x.variances!, { epsilon: eps, constant: full === true }),
  ),
  hinge: of((x, { targets }, { margin, squared }) =>
    x.logits ? multiClassHinge(x.logits, ints(targets), { margin, squared }) : hinge(x.scores!, tensor(targets), { margin, squared }),
  ),
  dice: of((x, { targets }, { smooth, squared }) => dice(x.logits!, tensor(targets), { smooth, squared })),
  'distillation-kl': of((x, { teacher }, { temperature }) => distillation(x.student!, tensor(teacher), { temperature })),
  infonce: of((x, _, { temperature, symmetric }) => infoNce(x.anchors!, x.positives!, { temperature, symmetric })),
  'nt-xent': of((x, _, { temperature }) => ntXent(x.view1!, x.view2!, { temperature })),
  supcon: of((x, { labels }, { temperature }) => supervisedContrastive(x.features!, ints(labels), { temperature })),
  triplet: of((x, _, { margin, eps }) => triplet(x.anchor!, x.positive!, x.negative!, { margin, epsilon: eps })),
  'cosine-embedding': of((x, { targets }, { margin }) => cosineEmbedding(x.x1!, x.x2!, tensor(targets), { margin })),
  contrastive: of((x, { targets }, { margin }) => contrastive(x.x1!, x.x2!, tensor(targets), { margin })),
  crf: (given) => {
    const { inputs, logPartition, marginals, viterbiPath, viterbiScore } = given;
    const emissions = tensor([inputs.emissions]) as Tensor;
    const scores = { transitions: tensor(inputs.transitions), start: tensor(inputs.start), end: tensor(inputs.end) } as const;
    const best = crfViterbi(emissions, scores);
    return [
      ...checks(given, ({ emissions: e, transitions, start, end }) =>
        crf(expandDims(e!, 0), ints([inputs.tags]), { transitions: transitions!, start, end }),
      ),
      { name: 'log-partition', got: crfLogPartition(emissions, scores).dataSync(), expected: [logPartition] },
      { name: 'marginals', got: crfMarginals(emissions, scores).dataSync(), expected: marginals.flat() },
      { name: 'best path', got: best.tags.dataSync(), expected: viterbiPath },
      { name: 'score of the best path', got: best.score.dataSync(), expected: [viterbiScore] },
    ];
  },
};

type Loss = (x: Tensors, inputs: Json, options: Json) => Tensor;

function of(loss: Loss): Handler {
  return (given) => checks(given, loss);
}

/** Value, and derivatives with respect to all the inputs of which the case has one. */
function checks({ inputs, options, value, gradients }: GoldenCase, loss: Loss): Check[] {
  const names = Object.keys(gradients);
  const given: Params = Object.fromEntries(names.map((name) => [name, tensor(inputs[name])]));
  const got = valueAndGradients((x) => loss(x as unknown as Tensors, inputs, options) as Scalar, given);
  return [
    { name: 'value', got: got.value.dataSync(), expected: [value] },
    ...names.map(
      (name): Check => ({
        name: `gradient in ${name}`,
        got: (got.gradients[name] as Tensor).dataSync(),
        expected: gradients[name].flat(),
      }),
    ),
  ];
}

function ints(values: Json): Tensor {
  const flat = Array.isArray(values[0]) ? values.flat() : values;
  return tensor(flat, Array.isArray(values[0]) ? [values.length, values[0].length] : [values.length], 'int32');
}
