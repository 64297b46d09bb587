import type { Evaluation, Interval } from '@taskloom/trainer';
import { metric, whole, words } from './format';
import { table } from './table';

/** One line for each metric of each task and group; with intervals where there are any. */
export function evaluationTable(evaluation: Evaluation): string {
  const judged = [
    ...Object.entries(evaluation.tasks),
    ...Object.entries(evaluation.groups ?? {}).map(([name, group]) => [`${name} (${group.tasks.length} tasks)`, group] as const),
  ];
  const intervals = judged.some(([, each]) => each.intervals);
  const rows = judged.flatMap(([name, { rows: count, loss, metrics, intervals: own }]) =>
    Object.entries(metrics).map(([title, value], i) => [
      i === 0 ? name : '',
      i === 0 ? whole(count) : '',
      title.includes('[') ? title : words(title),
      metric(value),
      ...(intervals ? [own?.[title] ? between(own[title]) : ''] : []),
      i === 0 ? metric(loss) : '',
    ]),
  );
  return table(
    [
      { title: 'task' },
      { title: 'rows', align: 'right' },
      { title: 'metric' },
      { title: 'value', align: 'right' },
      ...(intervals ? [{ title: '95 % interval', align: 'right' as const }] : []),
      { title: 'loss', align: 'right' },
    ],
    rows,
  );
}

/** `[0.712, 0.744]` */
export function between([low, high]: Interval): string {
  return `[${metric(low)}, ${metric(high)}]`;
}
