import type { Graph } from '../graph/graph';
import { type Node, splatOf, type Value } from '../graph/value';
import { type Blocks, blockMax, blockMaxGradient } from '../rules/pooling-blocks';
import { type Pass, producedBy } from './rewrite';

/** What a trace has for the gradient of a pool whose windows lie side by side, until a pass writes its operators. */
const operator = { op: 'BlockMaxGradient', domain: 'taskloom' } as const;

/** dy to the first maximum of each window of x. */
export function toBlockMaxima(graph: Graph, dy: Value, x: Value, { block, out }: Blocks): Value {
  return graph.op(operator.op, [dy, x], { shape: x.shape, dtype: 'float32' }, { block, out }, operator.domain);
}

/**
 * Gradients of pools as the operators that make them. One that goes on through a ReLU, which the forward pass has behind the pool, is masked before it is spread: where the maximum of a
 * window is not positive, nothing of the window is, and the other maxima are the same without the ReLU.
 */
export const poolGradients: Pass = (graph) => (node, inputs, now) => {
  if (gradientBehind(node.outputs[0])) return [blockMaxGradient(graph, inputs[0]!, inputs[1]!, blocksOf(node))];
  if (node.op !== 'Mul') return undefined;
  const [a, b] = node.inputs as [Value, Value];
  const found = rectified(a, b) ?? rectified(b, a);
  if (!found) return undefined;
  const blocks = blocksOf(found.gradient);
  const x = now(found.x);
  const positive = graph.cast(graph.binary('Greater', blockMax(graph, x, blocks), graph.splat(0), 'bool'), 'float32');
  return [blockMaxGradient(graph, graph.binary('Mul', now(found.gradient.inputs[0]!), positive), x, blocks)];
};

/** The gradient of pool(ReLU(x)) times the derivative of that ReLU, 1 where x > 0. */
function rectified(flow: Value, mask: Value): { readonly gradient: Node; readonly x: Value } | undefined {
  const gradient = gradientBehind(flow);
  const positive = producedBy(producedBy(mask, 'Cast')?.inputs[0], 'Greater')?.inputs;
  if (!positive || !gradient) return undefined;
  const x = producedBy(gradient.inputs[1], 'Relu')?.inputs[0];
  return x && positive[0] === x && splatOf(positive[1]!) === 0 ? { gradient, x } : undefined;
}

function gradientBehind(value: Value | undefined): Node | undefined {
  const node = producedBy(value, operator.op);
  return node?.domain === operator.domain ? node : undefined;
}

function blocksOf({ inputs, attributes }: Node): Blocks {
  return { shape: inputs[1]!.shape, block: attributes.block as [number, number], out: attributes.out as [number, number] };
}
