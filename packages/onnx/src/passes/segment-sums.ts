import type { Graph } from '../graph/graph';
import { type Node, sizeOf, splatOf, type Value } from '../graph/value';
import { compacted, segmentSum } from '../rules/segment-sum';
import { jacobiansIn } from './jacobians';
import { type Pass, producedBy } from './rewrite';

/** What a trace has for a sum of rows by segment, the gradient of a gather, until a pass writes its operators. */
const operator = { op: 'SegmentSum', domain: 'taskloom' } as const;

/** float32 rows [n, width] added up by their ids [n]; those that name no segment are dropped. */
export function summedBySegment(graph: Graph, ids: Value, rows: Value, segments: number): Value {
  const result = { shape: [segments, rows.shape[1]!], dtype: 'float32' } as const;
  return graph.op(operator.op, [ids, rows], result, { segments }, operator.domain);
}

/** Sums by segment as the operators that make them. */
export const segmentSums: Pass = (graph) => (node, inputs) =>
  isSegmentSum(node) ? [segmentSum(graph, inputs[0]!, inputs[1]!, node.attributes.segments as number)] : undefined;

function isSegmentSum(node: Node | undefined): node is Node {
  return node?.op === operator.op && node.domain === operator.domain;
}

/** The gradients of T tasks with respect to a table, in a Jacobian [T, segments · width]. */
interface TableRows {
  readonly segments: number;
  readonly width: number;
  /** Of each task, or nothing where its row is zero. */
  readonly sums: readonly (Node | undefined)[];
}

/** So many times as many rows as a batch names must a table have. */
const leastRatio = 2;

/**
 * A Jacobian with respect to a table, of which only the Gramian J·Jᵀ and combinations w·J are asked for, as one of the rows that the batch names: all other columns are zero. What is
 * T·segments·width numbers otherwise takes T·n·width, and the table is written once, with the rows combined.
 */
export const touchedRows: Pass = (graph, outputs) => {
  const jacobians = jacobiansIn(outputs, tableRows, { combined: true });
  const made = new Map<Value, ReturnType<typeof compactJacobian>>();
  const compactOf = (jacobian: Value, now: (value: Value) => Value) => {
    const known = made.get(jacobian) ?? compactJacobian(graph, jacobians.get(jacobian)!, now);
    made.set(jacobian, known);
    return known;
  };
  return (node, inputs, now) => {
    if (node.op !== 'MatMul') return undefined;
    const [left, right] = node.inputs as [Value, Value];
    if (jacobians.has(left)) {
      const { matrix } = compactOf(left, now);
      return [graph.matMul(matrix, graph.transpose(matrix, [1, 0]))];
    }
    if (!jacobians.has(right)) return undefined;
    const { matrix, expand } = compactOf(right, now);
    return [expand(graph.matMul(inputs[0]!, matrix))];
  };
};

/** What a matrix is joined from, if each of its rows is a sum by segment or zero. */
function tableRows({ inputs, outputs }: Node): TableRows | undefined {
  const [, columns] = outputs[0]!.shape as [number, number];
  const sums: (Node | undefined)[] = [];
  for (const input of inputs as readonly Value[]) {
    const node = (producedBy(input, 'Reshape')?.inputs[0] ?? input).producer;
    if (input.shape.length !== 2 || input.shape[0] !== 1) return undefined;
    if (isSegmentSum(node)) sums.push(node);
    else if (splatOf(input) === 0) sums.push(undefined);
    else return undefined;
  }
  const shapes = sums.flatMap((node) => (node ? [node.outputs[0]!.shape as [number, number]] : []));
  const [segments, width] = shapes[0] ?? [0, 0];
  const named = sizeOfAll(distinctIds(sums));
  const alike = shapes.every((shape) => shape[0] === segments && shape[1] === width) && segments * width === columns;
  return alike && named > 0 && named * leastRatio <= segments ? { segments, width, sums } : undefined;
}

function distinctIds(sums: readonly (Node | undefined)[]): Value[] {
  return [...new Set(sums.flatMap((node) => (node ? [node.inputs[0]!] : [])))];
}

function sizeOfAll(values: readonly Value[]): number {
  return values.reduce((total, { shape }) => total + sizeOf(shape), 0);
}

/** J [T, n · width] over the n ids of the batch, and a row of it as one of the whole table's [1, segments · width]. */
function compactJacobian(graph: Graph, { segments, width, sums }: TableRows, now: (value: Value) => Value) {
  const lists = distinctIds(sums);
  const n = sizeOfAll(lists);
  const tasks = sums.length;
  const { compact, expand } = compacted(graph, graph.concat(lists.map(now), 0), segments, tasks * n);
  const starts = new Map<Value, number>();
  let start = 0;
  for (const ids of lists) {
    starts.set(ids, start);
    start += sizeOf(ids.shape);
  }
  const number = (value: number) => graph.splat(value, [], 'int32');
  const rows: Value[] = [];
  const places: Value[] = [];
  for (const [task, node] of sums.entries()) {
    if (!node) continue;
    const [ids, updates] = node.inputs as [Value, Value];
    const from = starts.get(ids)!;
    rows.push(now(updates));
    places.push(graph.binary('Add', graph.slice(compact, [from], [from + sizeOf(ids.shape)], [0]), number(task * n)));
  }
  const matrix = segmentSum(graph, graph.concat(places, 0), graph.concat(rows, 0), tasks * n);
  return {
    matrix: graph.reshape(matrix, [tasks, n * width]),
    expand: (row: Value) => graph.reshape(expand(graph.reshape(row, [n, width])), [1, segments * width]),
  };
}
