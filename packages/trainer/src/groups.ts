import { type MultiTaskModel, TaskloomError } from '@taskloom/core';
import { metricName, metricOf } from './metrics/registry';
import type { EvaluateOptions, Metric, MetricChoice, TaskGroup, TaskOutputs } from './types';

/** What is judged, a task or a group: whose predictions, by which metrics, under which names, main first. */
export interface Judged {
  readonly name: string;
  readonly tasks: readonly string[];
  readonly metrics: readonly (readonly [name: string, metric: Metric])[];
}

/** All that an evaluation judges. */
export interface JudgingPlan {
  readonly tasks: readonly Judged[];
  readonly groups: readonly Judged[];
}

/**
 * Checks the choice of metrics and groups against the heads. Throws `unknown_metric`; `bad_option` for a group of unknown tasks, of tasks with different heads or labels, of
 * a task that is in another group, or under a name that is taken.
 */
export function judgingPlan(
  heads: MultiTaskModel['heads'],
  { metrics, groups = [] }: Pick<EvaluateOptions, 'metrics' | 'groups'>,
): JudgingPlan {
  const choiceOf = (task: string): readonly MetricChoice[] => metrics?.[task] ?? heads[task]!.metrics;
  const named = (choices: readonly MetricChoice[], name: string, labels?: readonly string[]) =>
    choices.map((choice) => [metricName(choice), metricOf(choice, name, labels)] as const);
  const taken = new Set(Object.keys(heads));
  const grouped = new Map<string, string>();
  return {
    tasks: Object.entries(heads).map(([task, head]) => ({
      name: task,
      tasks: [task],
      metrics: named(choiceOf(task), task, labelsOf(head.config)),
    })),
    groups: groups.map((group) => {
      if (taken.has(group.name)) throw badGroup(group, 'A task or group of this name exists.');
      taken.add(group.name);
      const [first] = group.tasks;
      if (first === undefined) throw badGroup(group, 'It has no task.');
      for (const task of group.tasks) {
        if (!Object.hasOwn(heads, task)) throw badGroup(group, `There is no task '${task}'.`);
        if (grouped.has(task)) throw badGroup(group, `'${task}' is in '${grouped.get(task)}' already.`);
        grouped.set(task, group.name);
        assertAlike(group, first, task, heads);
      }
      return {
        name: group.name,
        tasks: group.tasks,
        metrics: named(group.metrics ?? choiceOf(first), group.name, labelsOf(heads[first]!.config)),
      };
    }),
  };
}

/** The predictions of several tasks, as if they were one's. */
export function pooled(outputs: readonly TaskOutputs[]): TaskOutputs {
  return outputs.length === 1 ? outputs[0]! : { ...outputs[0]!, batches: outputs.flatMap(({ batches }) => batches) };
}

/** The labels in a head's config. */
export function labelsOf(config: unknown): readonly string[] | undefined {
  const labels = (config as { labels?: unknown } | null)?.labels;
  return Array.isArray(labels) ? (labels as string[]) : undefined;
}

function assertAlike(group: TaskGroup, first: string, task: string, heads: MultiTaskModel['heads']): void {
  const [a, b] = [heads[first]!, heads[task]!];
  if (a.kind !== b.kind) throw badGroup(group, `'${first}' is ${a.kind}, and '${task}' is ${b.kind}.`);
  const [own, other] = [labelsOf(a.config) ?? [], labelsOf(b.config) ?? []];
  if (own.length !== other.length || own.some((label, i) => label !== other[i]))
    throw badGroup(
      group,
      `The labels of '${first}' and '${task}' differ, or stand in another order.`,
      'Give both tasks the same list of labels.',
    );
}

function badGroup({ name }: TaskGroup, message: string, remedy?: string): TaskloomError {
  return new TaskloomError('bad_option', `The group '${name}' cannot be judged: ${message}`, { name, remedy });
}
