import type { Graph } from '../graph/graph';
import { type Node, sameShape, sizeOf, splatOf, type Value } from '../graph/value';

/** Operators that treat each element by itself. */
const unary = new Set(['Abs', 'Exp', 'Log', 'Neg', 'Reciprocal', 'Sign', 'Sqrt', 'Tanh']);
const binary = new Set(['Add', 'Div', 'Max', 'Min', 'Mul', 'Pow', 'Sub']);

export function isElementwise({ op, domain }: Node): boolean {
  return domain === '' && (unary.has(op) || binary.has(op));
}

/**
 * float32 values one behind the other in one vector, and what was computed for each of them alike computed once for all: the update of forty small
 * parameters takes as many operators as that of one. Where the values part (another operator, operands of their own), they are joined.
 */
export function lanesOf(graph: Graph): (values: readonly Value[]) => Value {
  const known = new Map<string, Value>();
  const operands = (values: readonly Value[], columns: readonly (readonly Value[])[]): Value[] | undefined => {
    const joined: Value[] = [];
    for (const column of columns) {
      const splat = splatOf(column[0]!);
      if (splat !== undefined && column.every((value) => splatOf(value) === splat)) joined.push(graph.splat(splat));
      else if (sizeOf(column[0]!.shape) === 1 && column.every((value) => value === column[0])) joined.push(graph.reshape(column[0]!, []));
      else if (column.every((value, i) => sameShape(value.shape, values[i]!.shape))) joined.push(join(column));
      else return undefined;
    }
    return joined;
  };
  const compute = (values: readonly Value[]): Value => {
    const nodes = values.map((value) => value.producer);
    const op = nodes[0]?.op;
    if (op !== undefined && nodes.every((node) => node?.op === op && node.domain === '')) {
      const columns = nodes[0]!.inputs.map((_, k) => nodes.map((node) => node!.inputs[k]!));
      if (op === 'Reshape') return join(columns[0]!);
      const found = isElementwise(nodes[0]!) ? operands(values, columns) : undefined;
      // Of shared operands alone nothing as long as the values would come.
      if (found?.some((value) => value.shape.length > 0))
        return unary.has(op) ? graph.unary(op, found[0]!) : graph.binary(op, found[0]!, found[1]!);
    }
    return joinSlices(graph, values);
  };
  const join = (values: readonly Value[]): Value => {
    const key = values.map((value) => value.id).join();
    const value = known.get(key) ?? compute(values);
    known.set(key, value);
    return value;
  };
  return join;
}

/** The values in one vector; those that are neighbours in another vector are cut out of it in one piece. */
export function joinSlices(graph: Graph, values: readonly Value[]): Value {
  const parts: Value[] = [];
  let run: { readonly from: Value; readonly start: number; end: number } | undefined;
  const close = () => {
    if (run) parts.push(graph.slice(run.from, [run.start], [run.end], [0]));
    run = undefined;
  };
  for (const value of values) {
    const flat = graph.reshape(value, [sizeOf(value.shape)]);
    const piece = pieceOf(flat);
    if (run && piece && piece.from === run.from && piece.start === run.end) run.end = piece.end;
    else {
      close();
      if (piece) run = { ...piece };
      else parts.push(flat);
    }
  }
  close();
  return graph.concat(parts, 0);
}

function pieceOf(flat: Value): { from: Value; start: number; end: number } | undefined {
  const node = flat.producer;
  const from = node?.inputs[0];
  if (node?.op !== 'Slice' || from!.shape.length !== 1 || node.inputs.length > 4) return undefined;
  const start = splatOf(node.inputs[1]!);
  return start === undefined ? undefined : { from: from!, start, end: start + flat.shape[0]! };
}
