import type { Stateful } from './balancing';
import { TaskloomError } from './error';

/**
 * A method's state from a checkpoint, which a stranger may have written: what the method's own `restore` makes of it, or, without one, the state itself if it has the form of
 * `init(tasks)`. Throws `bad_state`, naming the place, for any other.
 */
export function restoredState<S>(method: Stateful<S> & { readonly name: string }, tasks: readonly string[], saved: unknown): S {
  if (method.restore) return method.restore(saved, tasks);
  const odd = difference(method.init(tasks), saved, 'state');
  if (!odd) return saved as S;
  throw new TaskloomError('bad_state', `The checkpoint's balancer state does not fit '${method.name}': see ${odd.name}.`, {
    ...odd,
    remedy:
      'Go on with the balancer that wrote it, or train anew in another store. A balancer whose state leaves the form of init(tasks) needs a restore() of its own.',
  });
}

interface Difference {
  readonly name: string;
  readonly expected: string;
  readonly got: string;
}

/** The first place where `saved` has not the form of `fresh`: kinds, names and lengths are the same, and a number is finite where it began finite. */
function difference(fresh: unknown, saved: unknown, name: string): Difference | undefined {
  const [expected, got] = [formOf(fresh), formOf(saved)];
  if (expected !== got) return { name, expected, got };
  if (typeof fresh === 'number') {
    if (Number.isFinite(saved) || (!Number.isFinite(fresh) && Object.is(fresh, saved))) return undefined;
    return { name, expected: Number.isFinite(fresh) ? 'a finite number' : `a finite number or ${fresh}`, got: String(saved) };
  }
  if (typeof fresh !== 'object' || fresh === null) return undefined;
  for (const key of Object.keys(fresh)) {
    const place = isList(fresh) ? `${name}[${key}]` : `${name}.${key}`;
    const found = difference((fresh as Fields)[key], (saved as Fields)[key], place);
    if (found) return found;
  }
  return undefined;
}

type Fields = { readonly [key: string]: unknown };

function isList(value: object): value is ArrayLike<unknown> {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}

function formOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  if (isList(value)) return `${value.constructor.name} [${value.length}]`;
  return `an object of ${Object.keys(value).sort().join(', ') || 'nothing'}`.slice(0, 200);
}
