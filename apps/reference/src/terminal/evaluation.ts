import type { Evaluation } from '@taskloom/trainer';
import { metric, whole, words } from './format';
import { table } from './table';

/** One line for each metric of each task. */
export function evaluationTable(evaluation: Evaluation): string {
  const rows = Object.entries(evaluation.tasks).flatMap(([task, { rows: count, loss, metrics }]) =>
    Object.entries(metrics).map(([name, value], i) => [
      i === 0 ? task : '',
      i === 0 ? whole(count) : '',
      words(name),
      metric(value),
      i === 0 ? metric(loss) : '',
    ]),
  );
  return table(
    [
      { title: 'task' },
      { title: 'rows', align: 'right' },
      { title: 'metric' },
      { title: 'value', align: 'right' },
      { title: 'loss', align: 'right' },
    ],
    rows,
  );
}
