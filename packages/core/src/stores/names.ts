import type { Files } from '../checkpoint-store';
import { TaskloomError } from '../error';

/** Throws `bad_name` unless `name` is a plain file name on every system: no path, nothing hidden, at most 200 bytes of UTF-8. */
export function assertName(name: string, what: 'bundle' | 'file'): void {
  const plain =
    typeof name === 'string' &&
    name.length > 0 &&
    new TextEncoder().encode(name).length <= 200 &&
    !/^\.|[. ]$|[/\\:*?"<>|]|\p{Cc}|\p{Cs}/u.test(name) &&
    !/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(name);
  if (!plain)
    throw new TaskloomError('bad_name', `'${name}' cannot name a ${what}.`, {
      name: String(name),
      remedy: "Names are plain file names: no '/', no leading '.', no control characters, at most 200 bytes.",
    });
}

/** Checks the name of a bundle and those of its files. */
export function assertNames(bundle: string, files: Files): void {
  assertName(bundle, 'bundle');
  for (const name of Object.keys(files)) assertName(name, 'file');
}

export function notFound(name: string): TaskloomError {
  return new TaskloomError('not_found', `There is no bundle '${name}' in the store.`, { name });
}

export function damaged(bundle: string, file: string, cause?: unknown): TaskloomError {
  return new TaskloomError('file_corrupt', `'${file}' of bundle '${bundle}' is not what was written.`, {
    name: `${bundle}/${file}`,
    cause,
  });
}
