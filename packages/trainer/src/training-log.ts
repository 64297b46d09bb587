import type { EpochLogs, Evaluation, History } from './types';

/** Sums over the steps of the epoch that runs; plain data. */
interface EpochSums {
  readonly steps: number;
  readonly loss: number;
  readonly losses: { readonly [task: string]: { readonly sum: number; readonly steps: number } };
  readonly seconds: number;
}

export interface LogState {
  readonly history: History;
  readonly epoch: EpochSums;
}

export const emptyLog: LogState = { history: { epochs: [], evaluations: [] }, epoch: { steps: 0, loss: 0, losses: {}, seconds: 0 } };

export function withStep(
  { history, epoch }: LogState,
  loss: number,
  losses: { readonly [task: string]: number },
  seconds: number,
): LogState {
  const sums = { ...epoch.losses };
  for (const [task, value] of Object.entries(losses))
    sums[task] = { sum: (sums[task]?.sum ?? 0) + value, steps: (sums[task]?.steps ?? 0) + 1 };
  return { history, epoch: { steps: epoch.steps + 1, loss: epoch.loss + loss, losses: sums, seconds: epoch.seconds + seconds } };
}

export function withEvaluation({ history, epoch }: LogState, step: number, evaluation: Evaluation): LogState {
  return { history: { ...history, evaluations: [...history.evaluations, { step, ...evaluation }] }, epoch };
}

/** Closes an epoch that ends at `step`: its means go to the history, with the evaluation of that very step if there was one. */
export function withEpoch(
  { history, epoch: sums }: LogState,
  epoch: number,
  step: number,
  learningRate: number,
): { log: LogState; logs: EpochLogs } {
  const last = history.evaluations.at(-1);
  const logs: EpochLogs = {
    step,
    loss: sums.loss / sums.steps,
    losses: Object.fromEntries(Object.entries(sums.losses).map(([task, { sum, steps }]) => [task, sum / steps])),
    learningRate,
    seconds: sums.seconds,
    ...(last?.step === step ? { validation: { tasks: last.tasks, mean: last.mean } } : {}),
  };
  return { log: { history: { ...history, epochs: [...history.epochs, { epoch, ...logs }] }, epoch: emptyLog.epoch }, logs };
}
