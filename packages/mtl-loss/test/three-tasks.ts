import { hostRandom } from '@taskloom/core';
import { add, matMul, mean, mul, square, stack, sub, type Tensor, type Tensor1D, tanh, tensor } from '@tensorflow/tfjs-core';

export const draw = (name: string, shape: number[]) => tensor(hostRandom(name).normal(shape.reduce((a, b) => a * b, 1)), shape);

export type Model = { shared: { w: Tensor; b: Tensor }; heads: { one: Tensor; two: Tensor; three: Tensor } };

export const model = (): Model => ({
  shared: { w: draw('w', [4, 3]), b: draw('b', [3]) },
  heads: { one: draw('one', [3, 1]), two: draw('two', [3, 1]), three: draw('three', [3, 1]) },
});

/** Three squared errors that share a tanh layer; the second contradicts the first. */
export const losses = (params: Model): Tensor1D => headLosses(params, features(params));

export const features = ({ shared }: Model, x: Tensor = draw('x', [8, 4])): Tensor => tanh(add(matMul(x, shared.w), shared.b));

export function headLosses({ heads }: Model, hidden: Tensor): Tensor1D {
  const error = (head: Tensor, target: Tensor) => mean(square(sub(matMul(hidden, head), target)));
  const y = draw('y', [8, 1]);
  return stack([error(heads.one, y), mul(error(heads.two, mul(y, -3)), 5), error(heads.three, draw('z', [8, 1]))]) as Tensor1D;
}
