import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** How to call this program again from here, as it stands in advice: by its name where the shell finds it, through npx where npm has started it, else by its file. */
export function commandName(env: NodeJS.ProcessEnv = process.env, script: string | undefined = process.argv[1]): string {
  if (env.npm_command !== undefined || env.npm_lifecycle_event !== undefined) return 'npx taskloom';
  const found = (env.PATH ?? '')
    .split(delimiter)
    .some((folder) => ['taskloom', 'taskloom.cmd'].some((name) => existsSync(join(folder, name))));
  return found || script === undefined ? 'taskloom' : `node ${shellWord(script)}`;
}

/** A word as a shell takes it: quoted where it holds more than letters, digits and a few signs. */
export function shellWord(word: string): string {
  return /^[\w./:\\@+-]+$/.test(word) ? word : `"${word.replace(/["$`]/g, '\\$&')}"`;
}
