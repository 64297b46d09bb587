import { type JacobianOracle, type JacobianStep, jacobianMethod, type RowCombination } from '@taskloom/core';

interface Seen {
  readonly steps: number;
}

/** What tracked rows y ← (y + g)/2 and their sum as the update are made by. */
type Track = (
  oracle: JacobianOracle,
  tasks: number,
) => { update: RowCombination | Float64Array; memory: (RowCombination | Float64Array)[] };

const tracked = (name: string, track: Track, more: Pick<JacobianStep<Seen>, 'needs' | 'rows'>) =>
  jacobianMethod<Seen>({
    name,
    ...more,
    memory: (tasks) => tasks,
    init: () => ({ steps: 0 }),
    step: (oracle, { steps }, { present }) => ({ ...track(oracle, present.length), state: { steps: steps + 1 } }),
  });

const half = (tasks: number, has: (i: number) => boolean) => Array.from({ length: 2 * tasks }, (_, i) => (has(i % tasks) ? 0.5 : 0));

/** Rows that a step carries on, by combinations alone. */
export const trackedByWeights = tracked(
  'tracked-by-weights',
  ({ combine }, tasks) => ({
    update: combine(half(tasks, () => true)),
    memory: Array.from({ length: tasks }, (_, task) => combine(half(tasks, (i) => i === task))),
  }),
  { needs: ['gradients'] },
);

/** The same, number by number. */
export const trackedByRows = tracked(
  'tracked-by-rows',
  ({ rows }) => {
    const before = rows('memory');
    const memory = rows().map((row, i) => row.map((value, k) => (value + before[i]![k]!) / 2));
    return { update: memory[0]!.map((_, k) => memory.reduce((sum, row) => sum + row[k]!, 0)), memory };
  },
  { needs: ['gradients'], rows: true },
);

/** The median of each column, of three tasks: no combination of rows. */
export const medianOfThree = jacobianMethod<null>({
  name: 'median',
  needs: ['gradients'],
  rows: true,
  init: () => null,
  step({ rows }, state) {
    const [a, b, c] = rows() as [Float64Array, Float64Array, Float64Array];
    return { update: a.map((_, k) => [a[k]!, b[k]!, c[k]!].sort((x, y) => x - y)[1]!), state };
  },
});
