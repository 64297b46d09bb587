import { isLeaf, TaskloomError, type Tree } from '@taskloom/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** The input of that name; throws `input_missing` with what a trunk of this kind takes. */
export function namedInput(inputs: Tree<Tensor>, name: string, kind: string): Tensor {
  const found = isLeaf(inputs) ? undefined : (inputs as { readonly [name: string]: Tree<Tensor> })[name];
  if (found !== undefined && isLeaf(found)) return found as Tensor;
  throw new TaskloomError('input_missing', `A trunk of kind '${kind}' found no input '${name}'.`, {
    name,
    expected: `{ ${name}: Tensor }`,
    got: isLeaf(inputs) ? 'a bare tensor' : `{ ${Object.keys(inputs).join(', ')} }`,
  });
}
