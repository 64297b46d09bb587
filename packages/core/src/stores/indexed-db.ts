import type { CheckpointStore, Files } from '../checkpoint-store';
import { TaskloomError } from '../error';
import { byCodePoint } from '../params';
import { crc32 } from './crc32';
import { assertName, assertNames, damaged, notFound } from './names';

interface Stored {
  readonly files: { readonly [name: string]: { readonly bytes: Uint8Array; readonly crc: number } };
}

/**
 * Bundles in the browser's IndexedDB, database `name`. A bundle is one record, written in one transaction that is on disk before `write` resolves
 * (where the browser honours `durability: 'strict'`); its CRC-32s are checked on reading.
 */
export function indexedDbStore(name: string): CheckpointStore {
  const table = 'bundles';
  let database: Promise<IDBDatabase> | undefined;

  const open = (): Promise<IDBDatabase> => {
    if (typeof indexedDB === 'undefined')
      throw new TaskloomError('unsupported', 'There is no IndexedDB here.', {
        name,
        remedy: 'Use folderStore() in Node, or memoryStore().',
      });
    database ??= new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => void request.result.createObjectStore(table);
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        // Another tab may delete the database or bring a newer one; the next call opens it again.
        const forget = () => {
          database = undefined;
        };
        request.result.onversionchange = () => {
          request.result.close();
          forget();
        };
        request.result.onclose = forget;
        resolve(request.result);
      };
    }).catch((cause: unknown) => {
      database = undefined;
      throw new TaskloomError('store_failed', `The database '${name}' cannot be opened.`, { name, cause });
    });
    return database;
  };

  /** One transaction around one request; resolves when it is complete. */
  const ask = async <T>(mode: IDBTransactionMode, request: (bundles: IDBObjectStore) => IDBRequest<T>): Promise<T> => {
    const transaction = (await open()).transaction(table, mode, { durability: 'strict' });
    return new Promise<T>((resolve, reject) => {
      const asked = request(transaction.objectStore(table));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onabort = transaction.onerror = () =>
        reject(
          new TaskloomError('store_failed', `The database '${name}' did not take the change.`, {
            name,
            cause: transaction.error ?? asked.error,
            remedy: 'Free some storage of this site, or keep fewer checkpoints.',
          }),
        );
    });
  };

  return {
    list: async () => (await ask('readonly', (bundles) => bundles.getAllKeys())).map(String).sort(byCodePoint),
    async read(bundle) {
      assertName(bundle, 'bundle');
      const stored = (await ask('readonly', (bundles) => bundles.get(bundle) as IDBRequest<Stored | undefined>)) ?? undefined;
      if (!stored) throw notFound(bundle);
      const files: [string, Uint8Array][] = [];
      for (const [file, { bytes, crc }] of Object.entries(stored.files)) {
        if (crc32(bytes) !== crc) throw damaged(bundle, file);
        files.push([file, bytes]);
      }
      return Object.fromEntries(files);
    },
    async write(bundle, files: Files) {
      assertNames(bundle, files);
      // Copies: a view on a larger buffer would store all of it.
      const stored: Stored = {
        files: Object.fromEntries(Object.entries(files).map(([file, bytes]) => [file, { bytes: bytes.slice(), crc: crc32(bytes) }])),
      };
      await ask('readwrite', (bundles) => bundles.put(stored, bundle));
    },
    async remove(bundle) {
      assertName(bundle, 'bundle');
      await ask('readwrite', (bundles) => bundles.delete(bundle));
    },
  };
}
