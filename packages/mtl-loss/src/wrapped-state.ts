import { type Balancing, type LossWeighting, restoredState, type Stateful } from '@taskloom/core';

/** `restore` takes the place of the method's, even with nothing. */
interface Wrapped<W> {
  readonly init: Stateful<W>['init'];
  readonly restore: Stateful<W>['restore'];
}

/**
 * `init` and `restore` for a wrapper whose state is its `own` and that of `method` as `inner`. `restore` only where the method has one, for else the wrapper's state has the form of
 * its `init` and is checked against that.
 */
export function wrappedState<S, Own extends object>(
  method: Stateful<S> & Balancing,
  own: (tasks: readonly string[]) => Own,
): Wrapped<Own & { readonly inner: S }> {
  return {
    init: (tasks) => ({ ...own(tasks), inner: method.init(tasks) }),
    restore:
      method.restore &&
      ((saved, tasks) => ({
        ...restoredState({ name: method.name, init: (all) => ({ ...own(all), inner: null }) }, tasks, {
          ...(saved as object),
          inner: null,
        }),
        inner: method.restore!((saved as { inner: unknown }).inner, tasks),
      })),
  };
}

/** `beforehand` of who changes the method's weights: what the method makes of its losses in the step would come after the change. */
export function wholly({ beforehand }: Pick<LossWeighting, 'beforehand'>): true | undefined {
  return beforehand === true || undefined;
}
