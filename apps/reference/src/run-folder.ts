import { existsSync, statSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { type CheckpointStore, TaskloomError } from '@taskloom/core';
import { folderStore } from '@taskloom/core/node';
import { readOrigin } from '@taskloom/pipeline';
import { commandName } from './command-name';

/** The store of a run's folder; `mustExist` for commands that read. */
export function openRun(folder: string | undefined, mustExist = true): CheckpointStore {
  if (folder === undefined || folder === '') throw new TaskloomError('usage', 'Which run? Name its folder with --run.', {});
  if (existsSync(folder) && !statSync(folder).isDirectory())
    throw new TaskloomError(mustExist ? 'not_found' : 'usage', `'${folder}' is a file, not the folder of a run.`, { name: folder });
  if (mustExist && !existsSync(folder))
    throw new TaskloomError('not_found', `There is no folder '${folder}'.`, {
      name: folder,
      remedy: `Train a run first: \`${commandName()} train\`.`,
    });
  return folderStore(folder);
}

/** How a run remembers where its data lie: from its own folder to the config's, so that both can be moved together. */
export function originOf(runFolder: string, dataRoot: string): { readonly dataRoot: string } {
  return { dataRoot: relative(resolve(runFolder), resolve(dataRoot)).replaceAll('\\', '/') || '.' };
}

/** The folder that a run's data paths start from. */
export async function dataRootOf(runFolder: string, store: CheckpointStore, given: string | undefined): Promise<string> {
  if (given !== undefined) return resolve(given);
  const origin = await readOrigin(store);
  const stored = typeof origin === 'object' && origin !== null && 'dataRoot' in origin ? origin.dataRoot : '.';
  return resolve(runFolder, typeof stored === 'string' ? stored : '.');
}
