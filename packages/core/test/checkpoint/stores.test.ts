import 'fake-indexeddb/auto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { indexedDbStore } from '../../src/browser';
import type { CheckpointStore } from '../../src/checkpoint-store';
import { folderStore } from '../../src/node';
import { crc32 } from '../../src/stores/crc32';
import { memoryStore } from '../../src/stores/memory';
import { bytes, code, storeContract } from './store-contract';

const root = await mkdtemp(join(tmpdir(), 'stores-'));
afterAll(() => rm(root, { recursive: true, force: true }));
let count = 0;

const kinds: { readonly [name: string]: () => { store: CheckpointStore; again(): CheckpointStore } } = {
  memory: () => {
    const store = memoryStore();
    return { store, again: () => store };
  },
  folder: () => {
    const path = join(root, `folder-${count++}`, 'nested');
    return { store: folderStore(path), again: () => folderStore(path) };
  },
  indexedDB: () => {
    const name = `database-${count++}`;
    return { store: indexedDbStore(name), again: () => indexedDbStore(name) };
  },
};

for (const [kind, make] of Object.entries(kinds)) storeContract(kind, make);

describe('the folder store', () => {
  const fresh = async () => {
    const path = join(root, `tampered-${count++}`);
    const store = folderStore(path);
    await store.write('run', { a: bytes(1, 2, 3), b: bytes(4) });
    return { path, store };
  };

  it('notices a changed, a shortened and a missing file', async () => {
    const { path, store } = await fresh();
    await writeFile(join(path, 'run', 'a'), bytes(1, 2, 4));
    await expect(store.read('run')).rejects.toThrow(code('file_corrupt'));
    await writeFile(join(path, 'run', 'a'), bytes(1, 2));
    await expect(store.read('run')).rejects.toThrow(code('file_corrupt'));
    expect(await store.list()).toEqual([]);
    await rm(join(path, 'run', 'a'));
    await expect(store.read('run')).rejects.toThrow(code('file_corrupt'));
    expect(await store.list()).toEqual([]);
  });

  it('notices a damaged manifest, and one that points outside', async () => {
    const { path, store } = await fresh();
    const manifest = join(path, 'run', '.manifest.json');
    const text = await readFile(manifest, 'utf8');
    for (const broken of ['', '{', '{"formatVersion":1}', text.replace('"a"', '"../a"')]) {
      await writeFile(manifest, broken);
      await expect(store.read('run')).rejects.toThrow(code('file_corrupt'));
      expect(await store.list()).toEqual([]);
    }
    await store.write('run', { a: bytes(5) });
    expect(await store.read('run')).toEqual({ a: bytes(5) });
  });

  it('never lists what is half-written, and cleans it up at the next write', async () => {
    const { path, store } = await fresh();
    // No process has this number: the left-overs of a dead one.
    await mkdir(join(path, '.new-4194999-abc'));
    await writeFile(join(path, '.new-4194999-abc', 'a'), bytes(1));
    await mkdir(join(path, 'half'));
    await writeFile(join(path, 'half', 'a'), bytes(1));
    expect(await store.list()).toEqual(['run']);
    await store.write('other', { x: bytes(1) });
    expect((await readdir(path)).sort()).toEqual(['half', 'other', 'run']);
  });

  it('finds the old bundle after a kill between the two renames', async () => {
    const { path, store } = await fresh();
    const { rename } = await import('node:fs/promises');
    await rename(join(path, 'run'), join(path, '.old-run'));
    expect(await store.list()).toEqual(['run']);
    expect(await store.read('run')).toEqual({ a: bytes(1, 2, 3), b: bytes(4) });
    await store.write('other', { x: bytes(1) });
    expect((await readdir(path)).sort()).toEqual(['other', 'run']);
    await store.remove('run');
    expect(await store.list()).toEqual(['other']);
  });
});

describe('the IndexedDB store', () => {
  it('notices changed bytes', async () => {
    const store = indexedDbStore('tampered');
    await store.write('run', { a: bytes(1, 2, 3) });
    await new Promise<void>((resolve, reject) => {
      const request = indexedDB.open('tampered');
      request.onerror = reject;
      request.onsuccess = () => {
        const transaction = request.result.transaction('bundles', 'readwrite');
        transaction.objectStore('bundles').put({ files: { a: { bytes: bytes(1, 2, 4), crc: crc32(bytes(1, 2, 3)) } } }, 'run');
        transaction.oncomplete = () => {
          request.result.close();
          resolve();
        };
      };
    });
    await expect(store.read('run')).rejects.toThrow(code('file_corrupt'));
  });

  it('uses the CRC of zip', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });
});
