import { describe, expect, test } from 'vitest';
import { TaskloomError } from '../src/index';

describe('TaskloomError', () => {
  test('says what was got and expected, and what to do', () => {
    const error = new TaskloomError('bad_option', 'No.', { got: [1, 2], expected: 'one', remedy: 'Mend it.' });
    expect(error.message).toBe('No. Expected one, got [1,2]. Mend it.');
    expect(TaskloomError.isInstance(error)).toBe(true);
  });

  test('has a text, and a short one, for whatever a stranger wrote', () => {
    const deep = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000));
    const circle: { self?: unknown } = {};
    circle.self = circle;
    expect(new TaskloomError('x', 'No.', { got: deep }).message).toBe('No. Got a list.');
    expect(new TaskloomError('x', 'No.', { got: circle }).message).toBe('No. Got an object.');
    expect(new TaskloomError('x', 'No.', { got: 5n }).message).toBe('No. Got 5.');
    const long = 'x'.repeat(1e6);
    expect(new TaskloomError('x', long, { got: long, expected: [long] }).message.length).toBeLessThan(13_000);
  });
});
