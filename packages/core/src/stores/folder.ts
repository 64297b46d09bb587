import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointStore, Files } from '../checkpoint-store';
import { TaskloomError } from '../error';
import { byCodePoint } from '../params';
import { assertName, assertNames, damaged, notFound } from './names';

/** Hidden, so that no file of a bundle can have its name. */
const manifestName = '.manifest.json';
const incoming = '.new-';
const outgoing = '.old-';
/** Bytes; room for tens of thousands of files. */
const maximumManifest = 4 * 2 ** 20;

interface Manifest {
  readonly formatVersion: 1;
  readonly files: { readonly [name: string]: { readonly size: number; readonly sha256: string } };
}

/**
 * Bundles as folders in the folder `path` (made at the first write). A bundle is written beside its place, each file and the folder synced, then
 * renamed; a bundle that it replaces stays readable until then, and is found again if the process is killed between the two renames. `.manifest.json` in each bundle
 * holds sizes and SHA-256s, which `read` checks. What a killed process left half-written is never listed, and removed by the next write.
 * Where the disk is full or the folder read-only, `write` and `remove` throw `store_unwritable`, and what was there is still there.
 */
export function folderStore(path: string): CheckpointStore {
  const place = (name: string) => join(path, name);

  /** The folder that holds the bundle now, and its manifest. */
  const find = async (name: string): Promise<{ folder: string; manifest: Manifest } | undefined> => {
    for (const folder of [place(name), place(outgoing + name)]) {
      const manifest = await manifestOf(folder);
      if (manifest) return { folder, manifest };
    }
    return undefined;
  };

  // One change at a time; a store has one writing process.
  let turn: Promise<void> = Promise.resolve();
  const inTurn = (change: () => Promise<void>): Promise<void> => {
    const mine = turn.then(change);
    turn = mine.catch(() => undefined);
    return mine;
  };

  return {
    async list() {
      const names = new Set<string>();
      for (const entry of await entriesOf(path)) {
        const name = entry.startsWith(outgoing) ? entry.slice(outgoing.length) : entry;
        if (!name.startsWith('.') && (await isComplete(await find(name)))) names.add(name);
      }
      return [...names].sort(byCodePoint);
    },

    async read(name) {
      assertName(name, 'bundle');
      // A writer may rename between the look and the reading: look again.
      for (let attempt = 0; ; attempt++) {
        const found = await find(name);
        if (!found) throw (await exists(place(name))) ? damaged(name, manifestName) : notFound(name);
        try {
          return await readFiles(name, found.folder, found.manifest);
        } catch (error) {
          if (attempt === 2) throw error;
        }
      }
    },

    async write(name, files) {
      assertNames(name, files);
      await inTurn(() => replace(path, name, files)).catch(refused(path, name));
    },

    async remove(name) {
      assertName(name, 'bundle');
      await inTurn(() => take(path, name)).catch(refused(path, name));
    },
  };
}

async function replace(path: string, name: string, files: Files): Promise<void> {
  const [target, old] = [join(path, name), join(path, outgoing + name)];
  await mkdir(path, { recursive: true });
  await clean(path);
  const fresh = join(path, `${incoming}${process.pid}-${randomBytes(6).toString('hex')}`);
  await mkdir(fresh);
  try {
    const manifest: Manifest = {
      formatVersion: 1,
      files: Object.fromEntries(Object.entries(files).map(([file, bytes]) => [file, { size: bytes.length, sha256: hash(bytes) }])),
    };
    for (const [file, bytes] of Object.entries(files)) await writeSynced(join(fresh, file), bytes);
    await writeSynced(join(fresh, manifestName), new TextEncoder().encode(JSON.stringify(manifest)));
    await syncFolder(fresh);
    if (await exists(target)) {
      await rm(old, { recursive: true, force: true });
      await rename(target, old);
    }
    await rename(fresh, target);
    await syncFolder(path);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}

const full = ['ENOSPC', 'EDQUOT', 'EFBIG'];
const closed = ['EROFS', 'EACCES', 'EPERM', 'ENOTDIR', 'EEXIST'];

/** What the system refuses, said so that a person knows what to do. */
function refused(path: string, name: string) {
  return (cause: unknown): never => {
    const code = (cause as { code?: string }).code ?? '';
    if (full.includes(code))
      throw new TaskloomError(
        'store_unwritable',
        `There is no room left to write '${name}' to '${path}'. The bundles that were there are untouched.`,
        {
          name,
          remedy: 'Free some space on that disk and resume, or take another folder.',
          cause,
        },
      );
    if (closed.includes(code))
      throw new TaskloomError('store_unwritable', `'${path}' cannot be written (${code}). The bundles that were there are untouched.`, {
        name,
        remedy: 'Check that it is a folder and who may write to it, or take another one.',
        cause,
      });
    throw cause;
  };
}

async function take(path: string, name: string): Promise<void> {
  // The replaced one first: else it would come back for a moment.
  await rm(join(path, outgoing + name), { recursive: true, force: true });
  if (!(await exists(join(path, name)))) return;
  // A rename is whole; removing file by file is not.
  const gone = join(path, `${incoming}${process.pid}-${randomBytes(6).toString('hex')}`);
  await rename(join(path, name), gone);
  await syncFolder(path);
  await rm(gone, { recursive: true, force: true });
}

async function readFiles(bundle: string, folder: string, manifest: Manifest): Promise<Files> {
  const files: [string, Uint8Array][] = [];
  for (const [file, { size, sha256 }] of Object.entries(manifest.files)) {
    let bytes: Uint8Array;
    try {
      const entry = await stat(join(folder, file));
      if (!entry.isFile() || entry.size !== size) throw damaged(bundle, file); // reading a pipe would never end
      bytes = new Uint8Array(await readFile(join(folder, file)));
    } catch (cause) {
      throw damaged(bundle, file, cause);
    }
    if (hash(bytes) !== sha256) throw damaged(bundle, file);
    files.push([file, bytes]);
  }
  return Object.fromEntries(files);
}

/** Removes what killed processes left: half-written bundles, and replaced ones whose successors are in place. */
async function clean(path: string): Promise<void> {
  for (const entry of await entriesOf(path)) {
    if (entry.startsWith(incoming)) {
      const owner = Number(entry.slice(incoming.length).split('-')[0]);
      if (!isAlive(owner)) await rm(join(path, entry), { recursive: true, force: true });
    } else if (entry.startsWith(outgoing)) {
      const name = entry.slice(outgoing.length);
      if (await exists(join(path, name))) {
        if (await manifestOf(join(path, name))) await rm(join(path, entry), { recursive: true, force: true });
      } else await rename(join(path, entry), join(path, name)).catch(() => undefined);
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
}

/** The manifest of a bundle's folder, if it is there and well-formed. */
async function manifestOf(folder: string): Promise<Manifest | undefined> {
  try {
    const entry = await stat(join(folder, manifestName));
    if (!entry.isFile() || entry.size > maximumManifest) return undefined;
    const manifest = JSON.parse(await readFile(join(folder, manifestName), 'utf8')) as Manifest;
    if (manifest.formatVersion !== 1) return undefined;
    for (const [file, { size, sha256 }] of Object.entries(manifest.files)) {
      assertName(file, 'file');
      if (!Number.isSafeInteger(size) || typeof sha256 !== 'string') return undefined;
    }
    return manifest;
  } catch {
    return undefined;
  }
}

async function isComplete(found: { folder: string; manifest: Manifest } | undefined): Promise<boolean> {
  if (!found) return false;
  const sizes = await Promise.all(
    Object.entries(found.manifest.files).map(([file, { size }]) =>
      stat(join(found.folder, file)).then(
        (s) => s.isFile() && s.size === size,
        () => false,
      ),
    ),
  );
  return sizes.every(Boolean);
}

async function writeSynced(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, 'wx');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the entries of a folder durable; systems that cannot open folders (Windows) do so by themselves. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    if (!['EISDIR', 'EPERM', 'EACCES', 'EINVAL'].includes((error as { code?: string }).code ?? '')) throw error;
  }
}

async function entriesOf(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return [];
    throw error;
  }
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );
const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
