import { TaskloomError } from '@taskloom/core';
import { type EvaluateOptions, type MetricChoice, metricName, metrics, type TaskGroup } from '@taskloom/trainer';
import { z } from 'zod';
import type { Labels } from './labels';
import type { ResolvedConfig } from './schema';
import { strictObject, suggestion } from './strict-object';
import type { TaskConfig } from './task-schema';

const scores = ['f1', 'precision', 'recall'];

/** Metrics, main first: names such as 'macroF1', or of chosen classes, `{ f1: 'irony' }`, `{ f1: ['against', 'favor'] }` (the mean). */
export const metricsSchema = z
  .array(z.custom<MetricChoice>((value) => faultOf(value) === undefined, { error: (issue) => faultOf(issue.input) }))
  .min(1, 'At least one metric is needed.')
  .refine((list) => new Set(list.map(metricName)).size === list.length, 'A metric is given twice.');

/** What a task or a group may be called: it stands in tables, and a task's also in parameter paths. */
export const nameSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[^/\s]+$/, "A name holds no '/' and no spaces.")
  .refine((name) => name !== '__proto__', 'This name is reserved.');

/** Tasks with the same labels that are judged as one: their predictions are put together before the metric. */
export const groupSchema = strictObject({
  /** Names the group in tables; not a task's name. */
  name: nameSchema,
  tasks: z.array(z.string()).min(1, 'A group needs a task.'),
  /** Default: those of its first task. */
  metrics: metricsSchema.optional(),
});

/** What is wrong with a metric, seen alone. */
function faultOf(value: unknown): string | undefined {
  if (typeof value === 'string')
    return Object.hasOwn(metrics, value) ? undefined : `There is no metric '${value}'.${suggestion(value, Object.keys(metrics))}`;
  const entries = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  const [score, classes] = entries[0] ?? [];
  if (entries.length !== 1 || score === undefined) return "A metric is a name, or one score of some labels as in { f1: ['a', 'b'] }.";
  if (!scores.includes(score)) return `Labels are scored by ${scores.join(', ')}, not by '${score}'.${suggestion(score, scores)}`;
  const list = Array.isArray(classes) ? classes : [classes];
  if (list.length === 0 || !list.every((name) => typeof name === 'string' && name !== ''))
    return `'${score}' takes a label or a list of labels, as text.`;
  if (new Set(list).size !== list.length) return 'A label is given twice.';
  return undefined;
}

/** How `fit` and `evaluate` are to judge the tasks of a config. */
export function judgingOf({ tasks, groups }: ResolvedConfig): Pick<EvaluateOptions, 'metrics' | 'groups'> {
  return {
    metrics: Object.fromEntries(tasks.flatMap(({ name, metrics }) => (metrics ? [[name, metrics]] : []))),
    ...(groups ? { groups } : {}),
  };
}

/** Metrics that do not suit their head, unknown labels, and groups that cannot be; labels only as far as the config lists them. */
export function checkJudging(config: ResolvedConfig, tell: (path: (string | number)[], message: string) => void): void {
  const names = config.tasks.map(({ name }) => name);
  const grouped = new Map<string, string>();
  for (const [i, task] of config.tasks.entries())
    for (const [j, fault] of faultsOf(task, task.metrics, listedLabels(task))) tell(['tasks', i, 'metrics', j], fault);
  for (const [i, group] of (config.groups ?? []).entries()) {
    const at = (...rest: (string | number)[]) => ['groups', i, ...rest];
    if (names.includes(group.name)) tell(at('name'), `'${group.name}' is a task's name.`);
    if (config.groups!.findIndex(({ name }) => name === group.name) < i) tell(at('name'), `Two groups are called '${group.name}'.`);
    const first = config.tasks.find(({ name }) => name === group.tasks[0]);
    for (const [j, name] of group.tasks.entries()) {
      const task = config.tasks.find((each) => each.name === name);
      if (!task) tell(at('tasks', j), `There is no task '${name}'.${suggestion(name, names)}`);
      else if (grouped.has(name)) tell(at('tasks', j), `'${name}' is in '${grouped.get(name)}' already.`);
      else if (kindOf(task) !== kindOf(first!)) tell(at('tasks', j), `'${name}' is ${task.head}, and '${first!.name}' is ${first!.head}.`);
      grouped.set(name, group.name);
    }
    if (first) for (const [j, fault] of faultsOf(first, group.metrics, listedLabels(first))) tell(at('metrics', j), fault);
  }
}

/** The same for labels that were found in the training rows. Throws `bad_config`. */
export function assertMetricLabels(config: ResolvedConfig, labels: Labels): void {
  const judged = [
    ...config.tasks.map((task) => ({ task, metrics: task.metrics, place: `task '${task.name}'` })),
    ...(config.groups ?? []).map(({ name, tasks, metrics }) => ({
      task: config.tasks.find((task) => task.name === tasks[0])!,
      metrics,
      place: `group '${name}'`,
    })),
  ];
  for (const { task, metrics, place } of judged)
    for (const [, fault] of faultsOf(task, metrics, labels[task.name] ?? []))
      throw new TaskloomError('bad_config', `The metrics of ${place} do not fit its labels: ${fault}`, { name: task.name });
}

function* faultsOf(task: TaskConfig, chosen: TaskGroup['metrics'], labels: readonly string[] | undefined): Generator<[number, string]> {
  for (const [i, choice] of (chosen ?? []).entries()) {
    const fault = typeof choice === 'string' ? misfit(task, choice, labels) : unknownLabel(task, choice, labels);
    if (fault !== undefined) yield [i, fault];
  }
}

function misfit(task: TaskConfig, name: string, labels: readonly string[] | undefined): string | undefined {
  const { kinds, twoClasses } = metrics[name]!;
  const fitting = Object.keys(metrics).filter((each) => metrics[each]!.kinds.includes(kindOf(task)));
  if (!kinds.includes(kindOf(task))) return `'${name}' does not judge ${task.head}. These do: ${fitting.join(', ')}.`;
  if (twoClasses && labels && labels.length !== 2)
    return `'${name}' is about two classes, and there are ${labels.length}. Name those that count, as in { f1: ['${labels[0]}', …] }.`;
  return undefined;
}

function unknownLabel(task: TaskConfig, choice: Exclude<MetricChoice, string>, labels: readonly string[] | undefined): string | undefined {
  if (task.head !== 'classification' && task.head !== 'ordinal' && task.head !== 'multiLabel')
    return `Single labels are scored for classification, ordinal and multiLabel, and this is ${task.head}.`;
  if (!labels) return undefined;
  const wrong = Object.values(choice)
    .flat()
    .find((name: string) => !labels.includes(name)) as string | undefined;
  if (wrong === undefined) return undefined;
  const known = `${labels.slice(0, 20).join(', ')}${labels.length > 20 ? ', …' : ''}`;
  return `'${wrong}' is none of the labels ${known}.${suggestion(wrong, labels)}`;
}

/** The kind of metrics that suit. */
function kindOf(task: TaskConfig): string {
  return task.head === 'pairSimilarity' ? (task.output === 'binary' ? 'classification' : 'regression') : task.head;
}

function listedLabels(task: TaskConfig): readonly string[] | undefined {
  return 'labels' in task ? task.labels : undefined;
}
