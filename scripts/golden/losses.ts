import { valueAndGradients } from '@taskloom/core';
import { absoluteError, binaryCrossEntropy, coral, crossEntropy, crossEntropyRows, huber, squaredError } from '@taskloom/core/losses';
import { div, mul, type Scalar, sum, type Tensor, tensor } from '@tensorflow/tfjs-core';
import type { Cases, Handler, Precision } from './golden';
import { cases as taskCases } from './losses-task';

export const precision: Precision = 'float32';

// biome-ignore lint/suspicious/noExplicitAny: inputs and options as they are in the file.
type Json = any;

/** The elementary losses, and those of multi-task and metric learning. */
export const cases: Cases = {
  ...taskCases,
  'cross-entropy': differentiates('logits', (logits, { targets }, { labelSmoothing, classWeights, ignoreIndex, reduction }) => {
    const target = Array.isArray(targets[0]) ? tensor(targets) : tensor(targets, [targets.length], 'int32');
    const options = { labelSmoothing, classWeights: classWeights ?? undefined, ignore: ignoreIndex };
    return reduction === 'sum' ? (sum(crossEntropyRows(logits, target, options)) as Scalar) : crossEntropy(logits, target, options);
  }),
  bce: differentiates('logits', (logits, { targets }, { posWeight, reduction }) => {
    const mean = binaryCrossEntropy(logits, tensor(targets), { positiveWeight: posWeight ?? undefined });
    return reduction === 'sum' ? mul(mean, logits.size) : mean;
  }),
  mse: differentiates('predictions', (predictions, { targets }) => squaredError(predictions, tensor(targets))),
  mae: differentiates('predictions', (predictions, { targets }) => absoluteError(predictions, tensor(targets))),
  huber: differentiates('predictions', (predictions, { targets }, { delta }) => huber(predictions, tensor(targets), { delta })),
  // PyTorch's smooth L1 is Huber's loss divided by its δ.
  'smooth-l1': differentiates('predictions', (predictions, { targets }, { beta }) =>
    div(huber(predictions, tensor(targets), { delta: beta }), beta),
  ),
  coral: differentiates('logits', (logits, { targets }) => coral(logits, tensor(targets, [targets.length], 'int32'))),
};

function differentiates(input: string, loss: (x: Tensor, inputs: Json, options: Json) => Tensor): Handler {
  return ({ inputs, options, value, gradients }) => {
    const got = valueAndGradients((p) => loss(p[input] as Tensor, inputs, options) as Scalar, { [input]: tensor(inputs[input]) });
    return [
      { name: 'value', got: got.value.dataSync(), expected: [value] },
      { name: 'gradient', got: got.gradients[input]!.dataSync(), expected: gradients[input].flat() },
    ];
  };
}
