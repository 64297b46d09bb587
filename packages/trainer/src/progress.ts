import { fromLosslessJson, type Json, TaskloomError } from '@taskloom/core';
import type { StoppingState } from './early-stopping';
import type { BalancingState } from './host-balancing';
import type { RowStreamState } from './row-stream';
import type { LogState } from './training-log';

/** The part of a checkpoint that is not tensors: plain data. */
export interface Progress {
  /** Updates done. */
  readonly step: number;
  /** Early stopping has ended the training. */
  readonly stopped: boolean;
  readonly stopping: StoppingState;
  readonly log: LogState;
  readonly rows: RowStreamState;
  readonly balancing: BalancingState;
}

/** Reads what a stranger may have written: throws `file_corrupt` where anything is not of its kind. The balancer's state is checked where the balancer is known. */
export function progressOf(json: Json, name: string): Progress {
  let progress: unknown;
  let cause: unknown;
  try {
    progress = fromLosslessJson(json);
  } catch (error) {
    cause = error;
  }
  if (!isProgress(progress)) throw new TaskloomError('file_corrupt', `'${name}' does not hold a progress.`, { name, cause });
  return progress as Progress;
}

type Check = (value: unknown) => boolean;

const number: Check = (value) => typeof value === 'number';
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const record =
  (check: Check): Check =>
  (value) =>
    isObject(value) && Object.values(value).every(check);
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const shape =
  (fields: { readonly [name: string]: Check }): Check =>
  (value) =>
    isObject(value) && Object.entries(fields).every(([name, check]) => check(Object.hasOwn(value, name) ? value[name] : undefined));

const judged = shape({ rows: count, loss: number, metrics: record(number) });
const evaluation = { tasks: record(judged), groups: optional(record(judged)), mean: number };
const isProgress = shape({
  step: count,
  stopped: (value) => typeof value === 'boolean',
  stopping: shape({ best: optional(shape({ step: count, score: number })), stale: count }),
  log: shape({
    history: shape({
      epochs: list(
        shape({
          epoch: count,
          step: count,
          loss: number,
          losses: record(number),
          learningRate: number,
          seconds: number,
          validation: optional(shape(evaluation)),
        }),
      ),
      evaluations: list(shape({ step: count, ...evaluation })),
    }),
    epoch: shape({ steps: count, loss: number, losses: record(shape({ sum: number, steps: count })), seconds: number }),
  }),
  rows: shape({ draws: count, rows: record(count) }),
  balancing: isObject,
});
