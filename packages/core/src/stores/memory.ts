import type { CheckpointStore, Files } from '../checkpoint-store';
import { byCodePoint } from '../params';
import { assertName, assertNames, notFound } from './names';

/** Bundles in memory: for tests, and for runs that nobody keeps. Copies on the way in and out. */
export function memoryStore(): CheckpointStore {
  const bundles = new Map<string, Files>();
  const copy = (files: Files): Files => Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, bytes.slice()]));
  return {
    list: async () => [...bundles.keys()].sort(byCodePoint),
    async read(name) {
      assertName(name, 'bundle');
      const files = bundles.get(name);
      if (!files) throw notFound(name);
      return copy(files);
    },
    async write(name, files) {
      assertNames(name, files);
      bundles.set(name, copy(files));
    },
    async remove(name) {
      assertName(name, 'bundle');
      bundles.delete(name);
    },
  };
}
