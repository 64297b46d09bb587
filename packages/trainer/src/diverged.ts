import { TaskloomError } from '@taskloom/core';

/** The error of a step that was not taken, naming the first task whose loss is not finite. */
export function diverged(index: number, tasks: readonly string[], losses: Float64Array, saved: boolean): TaskloomError {
  const bad = tasks.filter((_, i) => !Number.isFinite(losses[i]));
  const what = bad.length > 0 ? `The loss of ${bad.map((task) => `'${task}'`).join(', ')}` : 'The gradient or the update';
  return new TaskloomError('diverged', `${what} is not finite at step ${index}; the step was not taken.`, {
    name: bad[0],
    got: Object.fromEntries(tasks.map((task, i) => [task, String(losses[i])])),
    remedy: `${saved ? 'The state before it is saved. ' : ''}Lower the learning rate, clip the gradient, or look at the rows of this step.`,
  });
}
