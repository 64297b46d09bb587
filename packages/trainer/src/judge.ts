import type { MultiTaskModel } from '@taskloom/core';
import { bootstrapped, type Collected, type Intervals, metricsOf, rowCount } from './bootstrap';
import { type Judged, type JudgingPlan, judgingPlan } from './groups';
import { higherIsBetter } from './metrics/registry';
import type { Bootstrap, EvaluateOptions, Evaluation, TaskEvaluation, TaskOutputs } from './types';

/** A task's outputs with the sums of weights and of weighted losses. */
export interface Judgeable extends Collected {
  readonly rows: number;
  readonly weight: number;
  readonly loss: number;
}

/**
 * Judges outputs that were collected by `onOutputs`, of one model or of several that are to be compared with one: metrics, groups, mean and intervals as `evaluate` gives
 * them; the losses are NaN. `heads` are those of the models.
 */
export function judge({
  heads,
  outputs,
  bootstrap,
  ...choice
}: Pick<EvaluateOptions, 'metrics' | 'groups' | 'bootstrap'> & {
  readonly heads: MultiTaskModel['heads'];
  readonly outputs: { readonly [task: string]: TaskOutputs };
}): Evaluation {
  const plan = judgingPlan(heads, choice);
  const collected = Object.entries(outputs).map(
    ([task, each]) => [task, { outputs: each, sources: [task], rows: rowCount(each), weight: 1, loss: Number.NaN }] as const,
  );
  return judged(plan, Object.fromEntries(collected), bootstrap);
}

/** From predictions to numbers: tasks, groups, their mean, and intervals where they are asked for. */
export function judged(plan: JudgingPlan, collected: { readonly [task: string]: Judgeable }, bootstrap?: Bootstrap): Evaluation {
  const alone = plan.tasks.filter(({ name }) => !plan.groups.some((group) => group.tasks.includes(name)));
  const mains = [...alone, ...plan.groups].flatMap(({ name, metrics }) => {
    const main = metrics.find(([metric]) => higherIsBetter(metric));
    return main ? [[name, main[0]] as const] : [];
  });
  const mean = (values: { readonly [judged: string]: { readonly [metric: string]: number } }) => {
    const scores = mains.flatMap(([name, metric]) => values[name]?.[metric] ?? []);
    return scores.length > 0 ? scores.reduce((a, b) => a + b, 0) / scores.length : Number.NaN;
  };
  const intervals: Intervals | undefined = bootstrap && bootstrapped(plan, collected, mean, bootstrap);
  const resultOf = (each: Judged): TaskEvaluation => {
    const total = (key: 'rows' | 'weight' | 'loss') => each.tasks.reduce((sum, task) => sum + collected[task]![key], 0);
    const metrics = total('rows') > 0 ? metricsOf(each, (task) => collected[task]!.outputs) : {};
    const loss = total('rows') > 0 ? total('loss') / total('weight') : Number.NaN;
    return { rows: total('rows'), loss, metrics, ...(intervals?.of[each.name] ? { intervals: intervals.of[each.name] } : {}) };
  };
  const tasks = Object.fromEntries(plan.tasks.map((each) => [each.name, resultOf(each)]));
  const groups = Object.fromEntries(plan.groups.map((each) => [each.name, { ...resultOf(each), tasks: each.tasks }]));
  return {
    tasks,
    ...(plan.groups.length > 0 ? { groups } : {}),
    mean: mean(Object.fromEntries(Object.entries({ ...tasks, ...groups }).map(([name, { metrics }]) => [name, metrics]))),
    ...(intervals?.mean ? { interval: intervals.mean } : {}),
  };
}
