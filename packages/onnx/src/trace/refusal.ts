import { TaskloomError } from '@taskloom/core';
import { callerOf } from './caller';

/** What is said of `source` (an op, `Math.random`), which draws numbers that the graph would keep. */
export function frozenRandom(source: string): TaskloomError {
  return new TaskloomError('not_traceable', 'A random number drawn inside a compiled step would be the same in every step.', {
    name: source,
    remedy: "Draw from Taskloom's `Random` with a key that is an input of the step, or give the numbers as an input.",
  });
}

/** Says which op has no rule, and where it was called. */
export function explained(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const missing = /[Kk]ernel '([^']+)'.* for backend 'taskloom-trace/.exec(error.message)?.[1];
  const line = callerOf(error);
  const place = line ? ` (called at ${line})` : '';
  const known = missing === 'Multinomial' ? frozenRandom('multinomial') : missing === undefined ? error : undefined;
  if (known) {
    if (TaskloomError.isInstance(known) && known.code === 'not_traceable' && place)
      return new TaskloomError(known.code, `${known.message.split('. ')[0]}${place}.`, { ...known.details, cause: error });
    return known;
  }
  return new TaskloomError('not_traceable', `The op '${missing}' cannot be compiled${place}.`, {
    name: missing,
    remedy:
      'Write it with other ops, compute it on the host with hostCall, or run the step with eager(). docs/compiled-ops.md lists what compiles.',
    cause: error,
  });
}
