import { TaskloomError } from '@taskloom/core/host';
import type { Graph } from '../graph/graph';
import { sizeOf, type Value } from '../graph/value';
import type { KernelRules } from './rule';

interface Term {
  readonly value: Value;
  readonly labels: readonly string[];
}

const without = (labels: readonly string[], others: ReadonlySet<string>) => labels.filter((label) => !others.has(label));
const within = (labels: readonly string[], others: ReadonlySet<string>) => labels.filter((label) => others.has(label));

/** Summed over the labels that nobody else has. */
function summed(graph: Graph, { value, labels }: Term, kept: ReadonlySet<string>): Term {
  const axes = labels.flatMap((label, axis) => (kept.has(label) ? [] : [axis]));
  return axes.length === 0 ? { value, labels } : { value: graph.reduce('ReduceSum', value, axes, false), labels: within(labels, kept) };
}

const ordered = (graph: Graph, { value, labels }: Term, order: readonly string[]): Value =>
  graph.transpose(
    value,
    order.map((label) => labels.indexOf(label)),
  );

/** Two terms as one product of matrices: [batch…, left, common] · [batch…, common, right]. */
function product(graph: Graph, a: Term, b: Term, result: ReadonlySet<string>): Term {
  const [ofA, ofB] = [new Set(a.labels), new Set(b.labels)];
  const shared = within(a.labels, ofB);
  const batch = within(shared, result);
  const common = without(shared, result);
  const [left, right] = [without(a.labels, ofB), without(b.labels, ofA)];
  const sizeOfLabel = (label: string) =>
    ofA.has(label) ? a.value.shape[a.labels.indexOf(label)]! : b.value.shape[b.labels.indexOf(label)]!;
  const sizes = (labels: readonly string[]) => labels.map(sizeOfLabel);
  const matrix = (term: Term, rows: readonly string[], columns: readonly string[]) =>
    graph.reshape(ordered(graph, term, [...batch, ...rows, ...columns]), [...sizes(batch), sizeOf(sizes(rows)), sizeOf(sizes(columns))]);
  const [x, y] = [matrix(a, left, common), matrix(b, common, right)];
  const labels = [...batch, ...left, ...right];
  return { value: graph.reshape(common.length === 0 ? graph.binary('Mul', x, y) : graph.matMul(x, y), sizes(labels)), labels };
}

export const einsumRules: KernelRules = {
  Einsum: (graph, inputs, attributes) => {
    const equation = (attributes.equation as string).replaceAll(' ', '');
    const [left, right] = equation.split('->') as [string, string];
    const result = [...right];
    const terms = Object.values(inputs).map((value, i): Term => ({ value, labels: [...left.split(',')[i]!] }));
    if (terms.length > 2 || terms.some(({ labels }) => new Set(labels).size < labels.length))
      throw new TaskloomError('not_traceable', 'Only products of one or two tensors without repeated labels can be compiled.', {
        name: 'einsum',
        got: equation,
      });
    const kept = (i: number) => new Set([...result, ...terms.flatMap(({ labels }, j) => (j === i ? [] : labels))]);
    const [a, b] = terms.map((term, i) => summed(graph, term, kept(i))) as [Term, Term?];
    return ordered(graph, b ? product(graph, a, b, new Set(result)) : a, result);
  },
};
