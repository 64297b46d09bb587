import { madeAgain, onePass } from '../graph/recompute';
import { nodesOf, type Value } from '../graph/value';
import { mapLeaves } from '../trace/leaves';
import type { Trace } from '../trace/trace';
import { rebuilt, rewriteTrace } from './rewrite';

/**
 * The same step with less to keep between the forward pass (what its outputs need, the losses first of all) and the backward pass: arrays that cheap operators make of
 * others are made again for the backward pass where that is cheaper than to keep them. Rematerialisation: Chen et al. 2016, arXiv:1604.06174; by minimum cut as in PyTorch's AOTAutograd.
 */
export function rematerialized(trace: Trace): Trace {
  const { graph } = trace;
  const outputs: Value[] = [];
  mapLeaves(trace.outputs, (value) => outputs.push(value));
  const forward = new Set(nodesOf(outputs));
  const later = nodesOf([...outputs, ...trace.nextState.values()]).filter((node) => !forward.has(node));
  const again = madeAgain(forward, later, onePass);
  if (again.size === 0) return trace;

  const copies = new Map<Value, Value>();
  const copy = (value: Value): Value => {
    if (!again.has(value)) return value;
    const { producer } = value;
    const known =
      copies.get(value) ??
      graph.copy(
        producer!,
        producer!.inputs.map((input) => input && copy(input)),
      )[0]!;
    copies.set(value, known);
    return known;
  };
  return rewriteTrace(trace, [
    () => (node, inputs) => {
      if (forward.has(node)) return undefined;
      const own = inputs.map((input) => input && copy(input));
      return own.every((input, i) => input === inputs[i]) ? undefined : rebuilt(graph, node, own);
    },
  ]);
}
