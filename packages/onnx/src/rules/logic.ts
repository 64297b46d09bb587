import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { promoted } from './numeric';
import type { KernelRule, KernelRules } from './rule';

const comparison =
  (op: string): KernelRule =>
  (graph, { a, b }) =>
    graph.binary(op, ...promoted(graph, a!, b!), 'bool');

const logical =
  (op: string): KernelRule =>
  (graph, { a, b }) =>
    graph.binary(op, graph.cast(a!, 'bool'), graph.cast(b!, 'bool'), 'bool');

const not = (graph: Graph, x: Value) => graph.op('Not', [x], x);

/** ORT chooses between numbers only. */
function chosen(graph: Graph, condition: Value, t: Value, e: Value): Value {
  if (t.dtype !== 'bool' || e.dtype !== 'bool') return graph.where(condition, ...promoted(graph, t, e));
  const [yes, no] = [graph.binary('And', condition, t, 'bool'), graph.binary('And', not(graph, condition), e, 'bool')];
  return graph.binary('Or', yes, no, 'bool');
}

export const logicRules: KernelRules = {
  Greater: comparison('Greater'),
  GreaterEqual: comparison('GreaterOrEqual'),
  Less: comparison('Less'),
  LessEqual: comparison('LessOrEqual'),
  Equal: comparison('Equal'),
  NotEqual: (graph, { a, b }) => not(graph, graph.binary('Equal', ...promoted(graph, a!, b!), 'bool')),
  LogicalAnd: logical('And'),
  LogicalOr: logical('Or'),
  LogicalXor: logical('Xor'),
  LogicalNot: (graph, { x }) => not(graph, graph.cast(x!, 'bool')),
  Select: (graph, { condition, t, e }) => {
    const rank = t!.shape.length;
    const given = condition!;
    // A vector of conditions chooses whole slices.
    const shape = given.shape.length === 1 && rank > 1 ? [given.shape[0]!, ...Array<number>(rank - 1).fill(1)] : given.shape;
    return chosen(graph, graph.cast(graph.reshape(given, shape), 'bool'), t!, e!);
  },
};
