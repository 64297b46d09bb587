import type { Graph } from '../graph/graph';
import { bytesOf, type Node, sameShape, type Value } from '../graph/value';
import { jacobiansIn } from './jacobians';
import { type Pass, producedBy } from './rewrite';

/** Bytes that the rows in the Gramian's making take together, at most. */
const together = 2 ** 23;

/**
 * A Gramian J·Jᵀ of large rows that are products L·R, gradients of weights, as a sum over blocks of columns, where nothing else reads J: a block is a part of L times R, and the rows
 * never lie in memory whole. It takes as many multiplications as before.
 */
export const gramiansByBlocks: Pass = (graph, outputs) => {
  const jacobians = jacobiansIn(outputs, productsIn, { combined: false });
  return (node, [before], now) => {
    // Block by block onto the sum. Of a product and what it is added to ONNX Runtime makes one operator, which has the sum before made ahead of its own rows: so one layer's are gone before the next one's come.
    const added = node.op === 'Add';
    const products = jacobians.get(producedBy(added ? node.inputs[1] : node.outputs[0], 'MatMul')?.inputs[0] as Value);
    return products && [byBlocks(graph, products, now, added ? before : undefined)];
  };
};

/** The products L·R, of one shape, that the rows of a matrix are: one for each, or a batch of them. */
interface Products {
  readonly rows: number;
  readonly made: readonly Node[];
}

/** Those that a large matrix is joined from. */
function productsIn({ op, inputs, outputs: [joined] }: Node): Products | undefined {
  const rows = joined!.shape[0]!;
  if (joined!.shape.length !== 2 || bytesOf(joined!) <= together) return undefined;
  const batch = op === 'Reshape' ? producedBy(inputs[0], 'MatMul') : undefined;
  const made = batch ? [batch] : inputs.flatMap((row) => producedBy(producedBy(row, 'Reshape')?.inputs[0], 'MatMul') ?? []);
  const [first] = made.map(({ outputs: [product] }) => product!.shape);
  const ofRows = batch
    ? first!.length === 3 && first![0] === rows
    : made.length === inputs.length && made.length === rows && first?.length === 2;
  return ofRows && made.every(({ outputs: [product] }) => sameShape(product!.shape, first!)) ? { rows, made } : undefined;
}

/** `before` + J·Jᵀ. */
function byBlocks(graph: Graph, { rows, made }: Products, now: (value: Value) => Value, before?: Value): Value {
  const [height, width] = made[0]!.outputs[0]!.shape.slice(-2) as [number, number];
  const least = Math.ceil((4 * rows * height * width) / together);
  let count = least;
  // Of one shape, if at most twice as many will do: ONNX Runtime keeps an array of each shape for the next one of that shape.
  while (height % count > 0 && count < 2 * least) count++;
  const step = Math.ceil(height / count);
  let sum = before;
  for (let start = 0; start < height; start += step) {
    const end = Math.min(height, start + step);
    const parts = made.map(({ inputs: [left, right] }) =>
      graph.reshape(graph.matMul(rowsOf(graph, now(left!), start, end), now(right!)), [rows / made.length, (end - start) * width]),
    );
    const block = graph.concat(parts, 0);
    const own = graph.matMul(block, graph.transpose(block, [1, 0]));
    sum = sum ? graph.binary('Add', sum, own) : own;
  }
  return sum!;
}

/** Some rows of a matrix, or of each one of a batch; of one transposed as columns, transposed, which a product reads as they lie. */
function rowsOf(graph: Graph, matrix: Value, start: number, end: number): Value {
  const columns = producedBy(matrix, 'Transpose');
  const rank = matrix.shape.length;
  const perm = columns?.attributes.perm as readonly number[] | undefined;
  if (perm?.[rank - 2] === rank - 1 && perm[rank - 1] === rank - 2)
    return graph.transpose(graph.slice(columns!.inputs[0]!, [start], [end], [rank - 1]), perm);
  return graph.slice(matrix, [start], [end], [rank - 2]);
}
