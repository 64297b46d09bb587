import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { smallDisk } from '@taskloom/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { folderStore } from '../../src/node';
import { bytes, code } from './store-contract';

const disk = smallDisk(256 * 1024);
afterAll(() => disk?.unmount());
if (!disk) console.log('skipped: full and read-only disks (a tmpfs cannot be mounted here)');

describe.skipIf(!disk)('a folder store on a small disk', () => {
  it('loses nothing when the disk is full, and goes on when there is room', async () => {
    const store = folderStore(join(disk!.path, 'run'));
    await store.write('good', { a: bytes(1, 2, 3) });
    await store.write('next', { a: bytes(4) });
    const large = new Uint8Array(300 * 1024).fill(7);
    for (const name of ['new', 'next']) {
      const failed = store.write(name, { a: large });
      await expect(failed).rejects.toThrow(code('store_unwritable'));
      await expect(failed).rejects.toThrow(/Free some space/);
    }
    expect(await store.list()).toEqual(['good', 'next']);
    expect(await store.read('good')).toEqual({ a: bytes(1, 2, 3) });
    expect(await store.read('next')).toEqual({ a: bytes(4) });
    await store.write('next', { a: bytes(5) });
    expect(await store.read('next')).toEqual({ a: bytes(5) });
  });

  it('loses nothing when the disk is read-only', async () => {
    const store = folderStore(join(disk!.path, 'run'));
    disk!.readOnly(true);
    try {
      await expect(store.write('good', { a: bytes(9) })).rejects.toThrow(code('store_unwritable'));
      await expect(store.remove('good')).rejects.toThrow(code('store_unwritable'));
    } finally {
      disk!.readOnly(false);
    }
    expect(await store.read('good')).toEqual({ a: bytes(1, 2, 3) });
  });
});

it('a path that is a file cannot be a store, and a pipe in a bundle is not read', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'odd-'));
  try {
    await writeFile(join(folder, 'file'), 'x');
    await expect(folderStore(join(folder, 'file')).write('run', { a: bytes(1) })).rejects.toThrow(code('store_unwritable'));
    const store = folderStore(join(folder, 'store'));
    await store.write('run', { a: bytes() });
    await rm(join(folder, 'store', 'run', 'a'));
    execFileSync('mkfifo', [join(folder, 'store', 'run', 'a')]);
    await expect(store.read('run')).rejects.toThrow(code('file_corrupt'));
    await mkdir(join(folder, 'store', 'other'));
    execFileSync('mkfifo', [join(folder, 'store', 'other', '.manifest.json')]);
    await expect(store.read('other')).rejects.toThrow(code('file_corrupt'));
    expect(await store.list()).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
