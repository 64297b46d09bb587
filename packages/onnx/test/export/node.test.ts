import '@tensorflow/tfjs-backend-cpu';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { add, setBackend } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { exportOnnx } from '../../src/node';

test('a file is there whole, or not at all', async () => {
  await setBackend('cpu');
  const folder = await mkdtemp(join(tmpdir(), 'taskloom-export-'));
  const options = { inputs: { x: { shape: [2] } } };
  const file = join(folder, 'new', 'model.onnx');
  const bytes = await exportOnnx(({ x }) => add(x!, 1), { ...options, file });
  expect(new Uint8Array(await readFile(file))).toEqual(bytes);
  expect(await readdir(join(folder, 'new'))).toEqual(['model.onnx']);

  await writeFile(join(folder, 'taken'), 'not a folder');
  const below = join(folder, 'taken', 'model.onnx');
  await expect(exportOnnx(({ x }) => add(x!, 1), { ...options, file: below })).rejects.toMatchObject({
    code: 'file_unwritable',
    details: { name: below },
  });
  const misspelt = { ...options, fille: file } as object as typeof options;
  await expect(exportOnnx(({ x }) => add(x!, 1), misspelt)).rejects.toMatchObject({ code: 'bad_option' });
  expect((await readdir(folder)).sort()).toEqual(['new', 'taken']);
});
