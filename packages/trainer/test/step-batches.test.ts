import { flatten, type HostArray, hostArray, type Tree } from '@taskloom/core';
import { expect, test } from 'vitest';
import { rowStream } from '../src/row-stream';
import { uniform } from '../src/samplers';
import { drawBatches } from '../src/step-batches';
import type { Dataset } from '../src/types';

const ones = (count: number, value: number) => hostArray(new Float32Array(count).fill(value));
const tasks = ['a', 'b', 'c'];

/** Three sources, each with labels of its own task; of the others a batch names one row, of weight 0. */
const dataset: Dataset = {
  sources: tasks.map((name) => ({ name, size: 20, tasks: [name] })),
  batch: (source, rows) => ({
    inputs: ones(rows.length, 1),
    tasks: Object.fromEntries(
      tasks.map((task) => {
        const count = task === source ? rows.length : 1;
        const index = hostArray(Int32Array.from({ length: count }, (_, i) => i));
        return [task, { index, target: ones(count, 2), weight: ones(count, task === source ? 1 : 0) }];
      }),
    ),
  }),
};

test('steps of several sources drawn at random differ in their labels, and not in their shapes', () => {
  const stream = rowStream({ sources: dataset.sources, sampler: uniform(), seed: 3, draws: 80, batchSize: 4 });
  const [shapes, presences] = [new Set<string>(), new Set<string>()];
  for (let step = 0; step < 20; step++) {
    const { batches, present } = drawBatches(dataset, stream, tasks, { batchSize: 4, accumulate: 1, sourcesPerStep: 4 });
    const flat = flatten<HostArray>(batches as unknown as { readonly [name: string]: Tree<HostArray> });
    shapes.add([...flat].map(([path, { shape }]) => `${path} ${shape}`).join());
    presences.add(present.join());
    const labels = [...flat].filter(([path]) => path.endsWith('/weight')).flatMap(([, { data }]) => [...data]);
    expect(labels.filter((weight) => weight > 0)).toHaveLength(16);
  }
  expect(presences.size).toBeGreaterThan(1);
  expect(shapes.size).toBe(1);
});
