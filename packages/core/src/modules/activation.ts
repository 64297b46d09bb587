import { elu, relu, sigmoid, softplus, type Tensor, tanh } from '@tensorflow/tfjs-core';
import { TaskloomError } from '../error';
import { gelu } from '../ops';

/** Element-wise functions by name: `gelu` is x·Φ(x), `geluTanh` its tanh approximation (Hendrycks & Gimpel 2016, arXiv 1606.08415). */
export type Activation = 'relu' | 'gelu' | 'geluTanh' | 'tanh' | 'sigmoid' | 'elu' | 'softplus';

/** `activate(name, x)`, any shape. Throws `unknown_activation`. */
export function activate(name: Activation, x: Tensor): Tensor {
  switch (name) {
    case 'relu':
      return relu(x);
    case 'gelu':
      return gelu(x);
    case 'geluTanh':
      return gelu(x, { approximate: true });
    case 'tanh':
      return tanh(x);
    case 'sigmoid':
      return sigmoid(x);
    case 'elu':
      return elu(x);
    case 'softplus':
      return softplus(x);
    default:
      throw new TaskloomError('unknown_activation', `There is no activation '${String(name)}'.`, { name: 'activation', got: name });
  }
}
