import type { Evaluation } from '@taskloom/trainer';
import { metric, words } from './terminal/format';
import { styled, table, terminalColumns } from './terminal/table';
import { width, wrap } from './terminal/wrap';

type Tasks = Evaluation['tasks'];

export interface Comparison {
  readonly majority: Tasks;
  /** Each task by a model of its own. */
  readonly alone: Tasks;
  /** All tasks by one model. */
  readonly together: Tasks;
}

/** Metrics for which less is better. */
const lowerIsBetter = new Set(['meanAbsoluteError']);

/** Majority, alone, together; the better of the last two is bold. Validation and test stand side by side, or below each other where a terminal is narrow. */
export function comparisonTable(splits: { readonly validation: Comparison; readonly test: Comparison }, limit = terminalColumns()): string {
  const names = ['validation', 'test'] as const;
  const beside = tableOf(splits, names, limit);
  const fits = beside.split('\n').every((line) => width(line) <= limit);
  const note =
    'alone: five models for one task each; together: one model for all five; both with the same number of steps in all. ↓ less is better.';
  return [fits ? beside : names.map((name) => tableOf(splits, [name], limit)).join('\n\n'), styled('dim', wrap(note, limit, 0))].join('\n');
}

function tableOf(splits: { readonly [split: string]: Comparison }, names: readonly string[], limit: number): string {
  const right = (title: string) => ({ title, align: 'right' as const });
  const rows = Object.entries(splits[names[0]!]!.together).flatMap(([task, { metrics }]) =>
    Object.keys(metrics)
      .slice(0, 2)
      .map((name, i) => [
        i === 0 ? task : '',
        `${words(name)}${lowerIsBetter.has(name) ? ' ↓' : ''}`,
        ...names.flatMap((split) => cells(splits[split]!, task, name)),
      ]),
  );
  const titles = names.flatMap((name) => [right(`${name}: majority`), right('alone'), right('together')]);
  return table([{ title: 'task' }, { title: 'metric' }, ...titles], rows, limit);
}

function cells({ majority, alone, together }: Comparison, task: string, name: string): string[] {
  const [m, a, t] = [majority, alone, together].map((tasks) => tasks[task]?.metrics[name] ?? Number.NaN) as [number, number, number];
  const better = compare(name, t, a);
  return [metric(m), better < 0 ? styled('bold', metric(a)) : metric(a), better > 0 ? styled('bold', metric(t)) : metric(t)];
}

/** > 0 where x is better than y by more than rounding. */
function compare(name: string, x: number, y: number): number {
  const difference = lowerIsBetter.has(name) ? y - x : x - y;
  return Math.abs(difference) < 0.0005 ? 0 : difference;
}

/** In a sentence, by the main metric of each task: where one model is better, and where it is not. */
export function verdict({ alone, together }: Comparison): string {
  const names = { better: [] as string[], equal: [] as string[], worse: [] as string[] };
  for (const [task, { metrics }] of Object.entries(together)) {
    const name = Object.keys(metrics)[0];
    if (name === undefined) continue;
    const difference = compare(name, metrics[name]!, alone[task]?.metrics[name] ?? Number.NaN);
    names[difference > 0 ? 'better' : difference < 0 ? 'worse' : 'equal'].push(task);
  }
  const list = (tasks: readonly string[]) => (tasks.length === 0 ? 'none' : tasks.join(', '));
  return `On the test split, by the main metric: better together: ${list(names.better)}. Better alone: ${list(names.worse)}.${names.equal.length > 0 ? ` The same: ${list(names.equal)}.` : ''}`;
}
