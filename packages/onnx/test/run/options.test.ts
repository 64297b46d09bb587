import { TaskloomError } from '@taskloom/core';
import { describe, expect, it } from 'vitest';
import { openModel, ort } from '../../src/index';
import { openModel as openModelWeb, ortWeb } from '../../src/web';

function refusal(call: () => unknown): TaskloomError {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(TaskloomError);
    return error as TaskloomError;
  }
  return expect.fail('nothing was refused');
}

describe.each([
  ['ort', ort as (options: object) => unknown],
  ['ortWeb', ortWeb as (options: object) => unknown],
])('options of %s', (name, make) => {
  it.each(['threads', 'shapes'])("'%s' is a whole number ≥ 1", (option) => {
    for (const got of [0, -1, 1.5, Number.NaN, '2', null]) {
      const error = refusal(() => make({ [option]: got }));
      expect(error).toMatchObject({ code: 'bad_option', details: { name: option, got } });
      expect(error.message).toContain('a whole number ≥ 1');
    }
    make({ [option]: 1 });
  });

  it('an option that there is not, by name, with those that there are', () => {
    const error = refusal(() => make({ thread: 2 }));
    expect(error).toMatchObject({ code: 'bad_option', details: { name: 'thread' } });
    expect(error.message).toContain('threads');
  });

  it('options of the other executor', () => {
    const [own, other] = [{ cache: 'folder', worker: true }, { wasmPaths: '/assets/' }];
    if (name === 'ortWeb') expect(refusal(() => make(own)).details.name).toBe('cache');
    else expect(refusal(() => make(other)).details.name).toBe('wasmPaths');
    make(name === 'ortWeb' ? other : own);
  });

  it('left out or undefined, the default is taken', () => {
    make({});
    make({ threads: undefined, shapes: undefined, onWarning: undefined });
    make({ threads: 'auto', onWarning: () => {} });
  });

  it('a function is told of warnings', () => {
    expect(refusal(() => make({ onWarning: true }))).toMatchObject({ code: 'bad_option', details: { name: 'onWarning' } });
  });
});

it.each([
  ['openModel', openModel],
  ['openModel of /web', openModelWeb],
])('options of %s', async (_, open) => {
  await expect(open(new Uint8Array(), { threads: 0 })).rejects.toMatchObject({ code: 'bad_option', details: { name: 'threads' } });
});
