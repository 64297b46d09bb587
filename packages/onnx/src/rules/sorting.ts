import { number } from './numeric';
import { axesOf, type KernelRule, type KernelRules } from './rule';

/** Where the extreme is, the first of equal ones. */
const extremeAt =
  (op: string): KernelRule =>
  (graph, { x }, { axis }) => {
    const value = number(graph, x!);
    const [along] = axesOf(axis, value.shape.length) as [number];
    const shape = value.shape.filter((_, a) => a !== along);
    if (value.shape[along] === 0) return graph.splat(0, shape, 'int32');
    return graph.cast(graph.op(op, [value], { shape, dtype: 'int64' }, { axis: along, keepdims: 0 }), 'int32');
  };

export const sortingRules: KernelRules = {
  ArgMax: extremeAt('ArgMax'),
  ArgMin: extremeAt('ArgMin'),
  // Of equal values the first comes first, and the result is sorted also where that is not asked for.
  TopK: (graph, { x }, { k }) => {
    const value = number(graph, x!);
    const shape = [...value.shape.slice(0, -1), k as number];
    const results = [
      { shape, dtype: value.dtype },
      { shape, dtype: 'int64' as const },
    ];
    const [values, indices] = graph.node('TopK', [value, graph.ints([k as number])], results);
    return [graph.cast(values!, x!.dtype), graph.cast(indices!, 'int32')];
  },
};
