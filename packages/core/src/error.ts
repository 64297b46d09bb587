/** What an error is about, beyond its sentence: the offending name, what was found, what was expected. */
export interface ErrorDetails {
  /** The argument, parameter, file, task or config key at fault. */
  readonly name?: string;
  readonly got?: unknown;
  readonly expected?: unknown;
  /** What the reader can do about it; appended to the message. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

const marker = Symbol.for('taskloom.error');

/**
 * The one error class of Taskloom. `code` is stable and made for programs (`shape_mismatch`, `file_corrupt`, …); the message is made for people.
 * Use `TaskloomError.isInstance(e)` rather than `instanceof`: it also holds when two copies of this package are installed.
 */
export class TaskloomError extends Error {
  readonly code: string;
  readonly details: ErrorDetails;
  readonly [marker] = true;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    const facts = [
      details.expected === undefined ? '' : ` Expected ${show(details.expected)}`,
      details.got === undefined ? '' : `${details.expected === undefined ? ' Got' : ', got'} ${show(details.got)}`,
    ].join('');
    super(`${cut(message, 10_000)}${facts ? `${facts}.` : ''}${details.remedy ? ` ${details.remedy}` : ''}`, { cause: details.cause });
    this.name = 'TaskloomError';
    this.code = code;
    this.details = details;
  }

  static isInstance(error: unknown): error is TaskloomError {
    return typeof error === 'object' && error !== null && (error as { [marker]?: unknown })[marker] === true;
  }
}

/** Throws `shape_mismatch` unless `shape` equals `expected`, where `-1` stands for any size. */
export function assertShape(shape: readonly number[], expected: readonly number[], name: string, remedy?: string): void {
  if (shape.length === expected.length && expected.every((size, axis) => size === -1 || size === shape[axis])) return;
  throw new TaskloomError('shape_mismatch', `'${name}' has the wrong shape.`, {
    name,
    expected: `[${expected.map((size) => (size === -1 ? '·' : size)).join(', ')}]`,
    got: `[${shape.join(', ')}]`,
    remedy,
  });
}

function show(value: unknown): string {
  if (typeof value === 'string') return cut(value, 2000);
  // JSON makes null of NaN and the infinities.
  if (typeof value === 'number') return String(value);
  try {
    return cut(JSON.stringify(value) ?? String(value), 300);
  } catch {
    // Circular, or nested deeper than the stack: neither has a text.
    return typeof value === 'object' ? (Array.isArray(value) ? 'a list' : 'an object') : String(value);
  }
}

/** What a stranger wrote may be as long as they like, and a message may not. */
function cut(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit)}…` : text;
}
