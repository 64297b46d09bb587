import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { TaskloomError } from '@taskloom/core';
import { linesOf, type OpenDataset, type OutputFile } from './open-dataset';

/** How far a file could be checked. `differs`: it is not what was expected. */
export type Check = 'sha256' | 'rows' | 'unknown' | 'differs';

export interface FetchedFile {
  readonly path: string;
  readonly rows: number;
  readonly check: Check;
}

export interface FetchOptions {
  /** The folder to be written; it appears whole or not at all. */
  readonly into: string;
  /** A local copy of the repository, or of its data folder, in place of the network. */
  readonly from?: string;
  /** Keep files that differ from what is known of them. Default: `data_differs`. */
  readonly allowChanges?: boolean;
  /** Replace what is there. Default: `usage`. */
  readonly overwrite?: boolean;
  readonly onFile?: (file: FetchedFile, done: number, of: number) => void;
  /** Default: that of the platform. */
  readonly fetch?: typeof globalThis.fetch;
}

export interface FetchedDataset {
  readonly into: string;
  /** Where it was read: an address or a folder. */
  readonly origin: string;
  readonly files: readonly FetchedFile[];
}

/** A file is refused beyond this. */
const greatest = 64 * 2 ** 20;

/**
 * Reads a data set from its origin or from local files, converts it, checks it, and puts it in its place in one step. Throws `offline`, `origin_missing`, `file_missing`,
 * `bad_data`, `data_differs`.
 */
export async function fetchDataset(dataset: OpenDataset, options: FetchOptions): Promise<FetchedDataset> {
  const target = resolve(options.into);
  if (existsSync(target) && !options.overwrite)
    throw new TaskloomError('usage', `'${options.into}' exists already.`, {
      name: options.into,
      remedy: 'Choose another folder by --into, or replace it by --overwrite.',
    });
  const origin = options.from === undefined ? remote(dataset, options.fetch ?? globalThis.fetch) : local(dataset, options.from);
  await mkdir(dirname(target), { recursive: true });
  const parts = await mkdtemp(join(dirname(target), `.${basename(target)}-`));
  try {
    const files: FetchedFile[] = [];
    for (const file of dataset.files) {
      const texts: string[] = [];
      for (const path of file.from) texts.push(await origin.read(path));
      const text = file.convert(texts);
      const fetched = { path: file.path, rows: linesOf(text).length, check: checked(file, text) };
      if (fetched.check === 'differs' && !options.allowChanges) throw differs(dataset, file, text);
      const path = join(parts, file.path);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, file.path.endsWith('.gz') ? gzipSync(text, { level: 9 }) : text, { flush: true });
      files.push(fetched);
      options.onFile?.(fetched, files.length, dataset.files.length);
    }
    await replace(parts, target);
    return { into: target, origin: origin.place(), files };
  } finally {
    await rm(parts, { recursive: true, force: true });
  }
}

function checked({ sha256, lines }: OutputFile, text: string): Check {
  if (sha256) return sha256Of(text) === sha256 ? 'sha256' : 'differs';
  if (lines) return linesOf(text).length === lines ? 'rows' : 'differs';
  return 'unknown';
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

function differs(dataset: OpenDataset, { path, from, sha256, lines }: OutputFile, text: string): TaskloomError {
  const rows = linesOf(text).length;
  const counted = lines !== undefined && rows !== lines;
  return new TaskloomError('data_differs', `${from.join(' and ')} of ${dataset.repository} are not what they should be.`, {
    name: path,
    expected: counted ? `${lines} rows` : `SHA-256 ${sha256}`,
    got: counted ? `${rows} rows` : `SHA-256 ${sha256Of(text)}`,
    remedy: 'Nothing was written. Results on other data are not comparable; if that is what you want, --allow-changes takes them.',
  });
}

/** The old folder steps aside until the new one is in its place. */
async function replace(parts: string, target: string): Promise<void> {
  if (!existsSync(target)) return rename(parts, target);
  const old = `${parts}-old`;
  await rename(target, old);
  try {
    await rename(parts, target);
  } catch (error) {
    await rename(old, target);
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}

interface Origin {
  read(path: string): Promise<string>;
  place(): string;
}

function local(dataset: OpenDataset, folder: string): Origin {
  const inner = join(folder, dataset.folder);
  const root = existsSync(inner) ? inner : folder;
  return {
    place: () => resolve(root),
    async read(path) {
      const full = join(root, path);
      const bytes = await readFile(full).catch((cause: NodeJS.ErrnoException) => {
        throw new TaskloomError('file_missing', `'${full}' cannot be read (${cause.code ?? cause.message}).`, {
          name: path,
          cause,
          remedy: `--from takes a copy of github.com/${dataset.repository}, or of its folder '${dataset.folder}'.`,
        });
      });
      return decoded(bytes, path);
    },
  };
}

function remote(dataset: OpenDataset, get: typeof globalThis.fetch): Origin {
  let at = 0;
  const address = (path = '') => `https://raw.githubusercontent.com/${dataset.repository}/${dataset.refs[at]}/${dataset.folder}/${path}`;
  return {
    place: () => address(),
    async read(path) {
      for (;;) {
        const patience = deadline(20);
        const response = await get(address(path), { signal: patience.signal }).catch((cause: unknown) => {
          throw offline(dataset, address(path), cause);
        });
        patience.extend(300);
        // A commit that is gone: the next one, from the first file on only, so that all files are of one commit.
        if (response.status === 404 && path === dataset.files[0]!.from[0] && at + 1 < dataset.refs.length) {
          at++;
          continue;
        }
        if (!response.ok)
          throw new TaskloomError('origin_missing', `${address(path)} answers ${response.status}.`, {
            name: path,
            remedy: byHand(dataset),
          });
        const bytes = await response.arrayBuffer().catch((cause: unknown) => {
          throw offline(dataset, address(path), cause);
        });
        patience.end();
        return decoded(new Uint8Array(bytes), path);
      }
    },
  };
}

/** Gives up after so many seconds: few for an answer, more for a file that is on its way. */
function deadline(seconds: number) {
  const controller = new AbortController();
  const start = (limit: number) =>
    setTimeout(() => controller.abort(new DOMException(`nothing within ${limit} s`, 'TimeoutError')), 1000 * limit).unref();
  let timer = start(seconds);
  const end = () => clearTimeout(timer);
  return {
    signal: controller.signal,
    end,
    extend(limit: number) {
      end();
      timer = start(limit);
    },
  };
}

function decoded(bytes: Uint8Array, path: string): string {
  if (bytes.length > greatest)
    throw new TaskloomError('file_too_large', `'${path}' is larger than it can be.`, { name: path, got: bytes.length, expected: greatest });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new TaskloomError('bad_data', `'${path}' is not UTF-8.`, { name: path, cause });
  }
}

function offline(dataset: OpenDataset, address: string, cause: unknown): TaskloomError {
  const inner = (cause as { cause?: { code?: string } } | null)?.cause?.code;
  const why = inner ?? (cause instanceof Error ? (cause.name === 'TimeoutError' ? cause.message : cause.name) : String(cause));
  return new TaskloomError('offline', `${new URL(address).host} cannot be reached (${why}).`, {
    name: address,
    cause,
    remedy: byHand(dataset),
  });
}

/** How to go on without this command's own download. */
function byHand({ name, repository, refs, folder }: OpenDataset): string {
  return `Nothing was written. Get github.com/${repository} (commit ${refs[0]}) where there is a network, for instance by \`git clone https://github.com/${repository}\`, and give its folder: \`taskloom data fetch ${name} --from ${repository.split('/')[1]}/${folder}\`.`;
}
