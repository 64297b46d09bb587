import { TaskloomError } from '@taskloom/core';

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
  const missing = /[Kk]ernel '([^']+)'.* for backend 'taskloom-trace'/.exec(error.message)?.[1];
  const place = callerOf(error);
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

/** The user's line in a stack: the first that is neither TensorFlow.js nor ours. */
function callerOf(error: Error): string {
  const lines = (error.stack ?? '').split('\n').slice(1);
  const line = lines.find(
    (text) =>
      !/@tensorflow|tfjs@|[\\/]tf[\w.-]*\.js|taskloom.(onnx|core)|packages.(onnx|core).(src|dist)|node:internal|<anonymous>/.test(text),
  );
  const at = line?.trim().replace(/^at /, '');
  return at ? ` (called at ${at})` : '';
}
