import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TaskloomError } from '@taskloom/core/host';
import { type ExportOptions, exportOnnx as exportBytes } from './export/export-onnx';

export interface FileExportOptions extends ExportOptions {
  /** Where the model is written as well; the file is there whole or not at all. */
  readonly file?: string;
}

/** `exportOnnx` that can write a file. Throws `file_unwritable` besides. */
export async function exportOnnx(
  predict: Parameters<typeof exportBytes>[0],
  { file, ...options }: FileExportOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const model = exportBytes(predict, options);
  if (file !== undefined) await write(file, model);
  return model;
}

async function write(file: string, bytes: Uint8Array): Promise<void> {
  const partial = `${file}.${randomBytes(4).toString('hex')}.partial`;
  try {
    await mkdir(dirname(file), { recursive: true });
    const handle = await open(partial, 'wx');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, file);
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => {});
    throw new TaskloomError('file_unwritable', `'${file}' cannot be written: ${(cause as Error).message}.`, { name: file, cause });
  }
}
