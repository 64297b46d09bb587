import { sizeOf, type Value } from '../graph/value';
import type { Pass } from './rewrite';

/** Fewer columns than this are summed faster by the engine's own operator. */
const leastColumns = 8;
const leastRows = 16;

/**
 * Σ over leading axes as a product with a row of ones: ONNX Runtime sums down columns on one thread and against the grain of memory, while its matrix
 * product is the fastest thing it has. Gradients of biases, scales and tables are such sums.
 */
export const sumsByProduct: Pass =
  (graph) =>
  (node, [x, axes]) => {
    if (node.op !== 'ReduceSum' || x!.dtype !== 'float32') return undefined;
    const reduced = axesIn(axes!);
    if (reduced.some((axis, i) => axis !== i) || reduced.length === x!.shape.length) return undefined;
    const rows = sizeOf(x!.shape.slice(0, reduced.length));
    const columns = sizeOf(x!.shape.slice(reduced.length));
    if (rows < leastRows || columns < leastColumns) return undefined;
    const sum = graph.matMul(graph.splat(1, [1, rows]), graph.reshape(x!, [rows, columns]));
    return [graph.reshape(sum, node.outputs[0]!.shape)];
  };

/** The axes that an int64 constant names. */
export function axesIn(axes: Value): number[] {
  const constant = axes.constant!;
  return constant.kind === 'splat' ? Array<number>(sizeOf(axes.shape)).fill(constant.value) : Array.from(constant.data);
}
