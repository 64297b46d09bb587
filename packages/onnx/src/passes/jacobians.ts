import { type Node, nodesOf, type Value } from '../graph/value';
import { producedBy } from './rewrite';

/**
 * Matrices J whose rows are joined, or lie joined and are given J's shape, with what `describe` makes of the node that does so, where nothing reads them but Gramians J·Jᵀ and, if `combined`, products w·J with one row.
 */
export function jacobiansIn<T>(
  outputs: readonly Value[],
  describe: (joining: Node) => T | undefined,
  { combined }: { readonly combined: boolean },
): ReadonlyMap<Value, T> {
  const nodes = nodesOf(outputs);
  const found = new Map<Value, T>();
  for (const node of nodes) {
    const joining = node.op === 'Concat' ? node.attributes.axis === 0 : node.op === 'Reshape';
    const described = joining ? describe(node) : undefined;
    if (described) found.set(node.outputs[0]!, described);
  }
  if (found.size === 0) return found;
  const transposed = (value: Value | undefined) => producedBy(value, 'Transpose')?.inputs[0];
  for (const output of outputs) found.delete(output);
  for (const { op, inputs } of nodes) {
    const [left, right] = inputs;
    const gramian = op === 'MatMul' && transposed(right) === left;
    const combination = combined && op === 'MatMul' && left?.shape.length === 2 && left.shape[0] === 1;
    for (const input of inputs) {
      if (!input) continue;
      if (found.has(input) && op !== 'Transpose' && !gramian && !(combination && input === right)) found.delete(input);
      const original = transposed(input);
      if (original && found.has(original) && !(gramian && input === right)) found.delete(original);
    }
  }
  return found;
}
