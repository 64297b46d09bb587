import { beforeEach, describe, expect, it } from 'vitest';
import type { CheckpointStore } from '../../src/checkpoint-store';

export const bytes = (...values: number[]) => Uint8Array.from(values);
export const code = (name: string) => expect.objectContaining({ code: name });

/** What every store must do, wherever it runs. `make` gives an empty store, and `again` another instance on the same place. */
export function storeContract(kind: string, make: () => { store: CheckpointStore; again(): CheckpointStore }): void {
  describe(`the ${kind} store`, () => {
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
      for (const [name, value] of Object.entries(files)) expect(same(back[name]!, value)).toBe(true);
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
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
