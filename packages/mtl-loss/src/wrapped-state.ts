import { type Stateful, TaskloomError } from '@taskloom/core';

/**
 * `restore` for a wrapper whose state holds that of `method` as `inner`; only where the method has a `restore` of its own, for else the wrapper's state has the form of
 * its `init` and is checked against that.
 */
export function restoredInner<S, W extends { readonly inner: S }>(
  method: Stateful<S>,
  fits: (saved: { readonly [name: string]: unknown }, tasks: readonly string[]) => boolean,
): { readonly restore: Stateful<W>['restore'] } {
  if (!method.restore) return { restore: undefined };
  return {
    restore(saved, tasks) {
      if (typeof saved !== 'object' || saved === null || !fits(saved as { [name: string]: unknown }, tasks))
        throw new TaskloomError('bad_state', 'A checkpoint holds a balancer state that does not fit the tasks.', {
          name: 'state',
          expected: `the state of ${tasks.length} tasks`,
        });
      return { ...saved, inner: method.restore!((saved as W).inner, tasks) } as W;
    },
  };
}
