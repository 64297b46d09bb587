import 'fake-indexeddb/auto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { indexedDbStore } from '../../src/browser';
import type { CheckpointStore } from '../../src/checkpoint-store';
import { folderStore } from '../../src/node';
import { crc32 } from '../../src/stores/crc32';
import { memoryStore } from '../../src/stores/memory';

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

const bytes = (...values: number[]) => Uint8Array.from(values);
const code = (name: string) => expect.objectContaining({ code: name });

describe.each(Object.entries(kinds))('the %s store', (_, make) => {
  let store: CheckpointStore;
  let again: () => CheckpointStore;
  beforeEach(() => {
    ({ store, again } = make());
  });

  it('is empty at first', async () => {
    expect(await store.list()).toEqual([]);
    await expect(store.read('run')).rejects.toThrow(code('not_found'));
    await store.remove('run');
  });

  it('gives back what was written, also through another instance', async () => {
    const large = Uint8Array.from({ length: 300_000 }, (__, i) => (i * i) % 251);
    const files = { 'config.json': bytes(1, 2, 3), 'weights.safetensors': large, empty: bytes(), 'Größe ✓': bytes(9) };
    await store.write('run', files);
    const back = await again().read('run');
    expect(Object.keys(back).sort()).toEqual(Object.keys(files).sort());
    for (const [name, value] of Object.entries(files)) expect(Buffer.from(back[name]!).equals(Buffer.from(value))).toBe(true);
  });

  it('keeps a view as its own bytes, and copies', async () => {
    const buffer = bytes(0, 1, 2, 3, 4);
    await store.write('run', { part: buffer.subarray(1, 3) });
    buffer.fill(7);
    const first = await store.read('run');
    expect([...first.part!]).toEqual([1, 2]);
    first.part!.fill(9);
    expect([...(await store.read('run')).part!]).toEqual([1, 2]);
  });

  it('replaces a bundle as a whole', async () => {
    await store.write('run', { a: bytes(1), b: bytes(2) });
    await store.write('run', { b: bytes(3) });
    expect(await store.read('run')).toEqual({ b: bytes(3) });
    expect(await store.list()).toEqual(['run']);
  });

  it('lists in code-point order and removes', async () => {
    for (const name of ['b', 'a', '\u{1F600}', '\uFF5E', 'a.b']) await store.write(name, { x: bytes(1) });
    expect(await store.list()).toEqual(['a', 'a.b', 'b', '\uFF5E', '\u{1F600}']);
    await store.remove('a');
    await store.remove('a');
    expect(await again().list()).toEqual(['a.b', 'b', '\uFF5E', '\u{1F600}']);
    await expect(store.read('a')).rejects.toThrow(code('not_found'));
  });

  it('takes writes at the same time', async () => {
    await Promise.all(Array.from({ length: 8 }, (__, i) => store.write(`b${i % 4}`, { x: bytes(i) })));
    expect(await store.list()).toEqual(['b0', 'b1', 'b2', 'b3']);
    for (let i = 0; i < 4; i++) expect((await store.read(`b${i}`)).x![0]! % 4).toBe(i);
  });

  it.each(['', '.', '..', '../up', 'a/b', 'a\\b', '.hidden', 'a\0b', 'C:x', 'nul', 'con.txt', 'end.', 'x'.repeat(201), '\ud800'])(
    'refuses the name %j',
    async (name) => {
      await expect(store.write(name, {})).rejects.toThrow(code('bad_name'));
      await expect(store.write('run', { [name]: bytes(1) })).rejects.toThrow(code('bad_name'));
      await expect(store.read(name)).rejects.toThrow(code('bad_name'));
      await expect(store.remove(name)).rejects.toThrow(code('bad_name'));
      expect(await store.list()).toEqual([]);
    },
  );
});

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
