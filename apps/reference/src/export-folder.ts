import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type Files, TaskloomError } from '@taskloom/core';
import { type ExportedModel, modelFiles, openExport } from '@taskloom/pipeline';
import { commandName } from './command-name';
import { usageError } from './exit-codes';

/** What may stand beside a model. */
const besides = ['config.json', 'labels.json', 'features.json', 'tokenizer.json'];

/** Opens an export: its folder, of which the model in the highest precision is taken, or one of its models. */
export async function openExportFolder(path: string): Promise<ExportedModel> {
  if (!existsSync(path)) throw notFound(path, `There is no '${path}'.`);
  const [folder, file] = statSync(path).isDirectory() ? [path, await modelIn(path)] : [dirname(path), basename(path)];
  const files: Record<string, Uint8Array> = {};
  for (const name of besides) if (existsSync(join(folder, name))) files[name] = await readFile(join(folder, name));
  return openExport(await readFile(join(folder, file)), files);
}

async function modelIn(folder: string): Promise<string> {
  const there = await readdir(folder);
  const found = Object.values(modelFiles).find((name) => there.includes(name));
  if (found) return found;
  throw notFound(folder, `'${folder}' holds no ${Object.values(modelFiles).join(', ')}.`);
}

function notFound(name: string, message: string): TaskloomError {
  return new TaskloomError('not_found', message, { name, remedy: `Export a run first: \`${commandName()} export\`.` });
}

/** Refuses a folder that holds something already. */
export async function assertFree(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  if (!statSync(folder).isDirectory()) throw usageError(`'${folder}' is a file.`, 'Choose another place by --out.');
  if ((await readdir(folder)).length > 0) throw usageError(`'${folder}' is not empty.`, 'Choose another place by --out, or empty it.');
}

/** Writes files into a folder of their own, which is there whole or not at all. */
export async function writeExportFolder(folder: string, files: Files): Promise<void> {
  const target = resolve(folder);
  const fresh = join(dirname(target), `.${basename(target)}-${randomBytes(4).toString('hex')}`);
  try {
    await mkdir(fresh, { recursive: true });
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(fresh, name), bytes);
    if (existsSync(target)) await rm(target, { recursive: true }); // empty, as was seen
    await rename(fresh, target);
  } catch (cause) {
    await rm(fresh, { recursive: true, force: true });
    throw new TaskloomError('file_unwritable', `'${folder}' cannot be written: ${(cause as Error).message}.`, { name: folder, cause });
  }
}
