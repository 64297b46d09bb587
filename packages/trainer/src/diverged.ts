import { TaskloomError } from '@taskloom/core';

/** The error of a step whose losses or gradient are not finite, naming the first task at fault. `step` counts from 0; `checkpoint` is the last good one. */
export function diverged(step: number, tasks: readonly string[], losses: Float64Array, checkpoint: string | undefined): TaskloomError {
  const bad = tasks.filter((_, i) => !Number.isFinite(losses[i]));
  const what = bad.length > 0 ? `The loss of ${bad.map((task) => `'${task}'`).join(', ')}` : 'The gradient';
  return new TaskloomError('diverged', `${what} is not finite at step ${step}.`, {
    name: bad[0],
    got: Object.fromEntries(tasks.map((task, i) => [task, String(losses[i])])),
    remedy: `${lastGood(checkpoint)}Lower the learning rate, clip the gradient, or look at the rows of this step.`,
  });
}

/** The error of an update that made a parameter infinite. */
export function overflowed(step: number, path: string, checkpoint: string | undefined): TaskloomError {
  return new TaskloomError('diverged', `'${path}' is not finite after ${step} steps.`, {
    name: path,
    remedy: `${lastGood(checkpoint)}Lower the learning rate or clip the gradient.`,
  });
}

function lastGood(checkpoint: string | undefined): string {
  return checkpoint ? `The last good state is '${checkpoint}'. ` : '';
}
