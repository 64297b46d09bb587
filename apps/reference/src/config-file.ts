import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TaskloomError } from '@taskloom/core';
import { type ResolvedConfig, resolveConfig } from '@taskloom/pipeline';
import { type Document, isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml';
import { commandName } from './command-name';

const names = ['ts', 'mts', 'js', 'mjs', 'yaml', 'yml', 'json'].map((end) => `taskloom.config.${end}`);

export interface ConfigFile {
  readonly path: string;
  /** The folder that the paths in the config start from. */
  readonly root: string;
  readonly config: ResolvedConfig;
}

/** Reads the config at a path, or the first `taskloom.config.*` of the current folder, and checks it. */
export async function loadConfigFile(path: string | undefined): Promise<ConfigFile> {
  const found = path === undefined ? names.find((name) => existsSync(name)) : path;
  if (found === undefined)
    throw new TaskloomError('bad_config', 'There is no config here.', {
      expected: names.join(', '),
      remedy: `Write one with \`${commandName()} init\`, or name it with --config.`,
    });
  const full = resolve(found);
  if (!existsSync(full)) throw new TaskloomError('bad_config', `There is no file '${found}'.`, { name: found });
  const config = /\.(ya?ml|json)$/i.test(full) ? readData(full, found) : await importCode(full, found);
  return { path: full, root: dirname(full), config };
}

/** TypeScript and JavaScript run as they are, without a build. */
async function importCode(full: string, shown: string): Promise<ResolvedConfig> {
  const { createJiti } = await import('jiti');
  const jiti = createJiti(import.meta.url, { alias: { taskloom: definitions() }, moduleCache: false });
  let config: unknown;
  try {
    config = await jiti.import(full, { default: true });
  } catch (cause) {
    throw new TaskloomError('bad_config', `'${shown}' cannot be run: ${cause instanceof Error ? cause.message : String(cause)}`, {
      name: shown,
      cause,
    });
  }
  return resolveConfig(config, { file: shown });
}

/** Our own module with `defineConfig`, so that a config may import 'taskloom' wherever it lies. */
function definitions(): string {
  for (const candidate of ['./define-config.js', './define-config.ts']) {
    const path = fileURLToPath(new URL(candidate, import.meta.url));
    if (existsSync(path)) return path;
  }
  throw new TaskloomError('internal', 'define-config is missing from this installation.');
}

/** Bytes of a config of data; parsing takes a hundred times as many, and a second. */
const largest = 2 ** 18;

function readData(full: string, shown: string): ResolvedConfig {
  const { size } = statSync(full);
  if (size > largest)
    throw new TaskloomError('bad_config', `'${shown}' is too large for a config.`, {
      name: shown,
      expected: `at most ${largest} bytes`,
      got: size,
    });
  const lines = new LineCounter();
  // The parser's own search for keys given twice takes the square of their number.
  const document = parseDocument(readFileSync(full, 'utf8'), { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const wrong = document.errors[0] ?? repeatedKey(document);
  if (wrong) {
    const { line, col } = lines.linePos(wrong.pos[0]);
    throw new TaskloomError('bad_config', `${shown}:${line}:${col} ${wrong.message}`, { name: shown });
  }
  let config: unknown;
  try {
    config = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    // An alias to nothing, or aliases that stand for more than any config has.
    throw new TaskloomError('bad_config', `'${shown}' cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`, {
      name: shown,
      cause,
    });
  }
  return resolveConfig(config, {
    file: shown,
    locate(path) {
      const offset = offsetOf(document.contents, path);
      if (offset === undefined) return undefined;
      const { line, col } = lines.linePos(offset);
      return { line, column: col };
    },
  });
}

function repeatedKey(document: Document.Parsed): { readonly message: string; readonly pos: readonly [number, number] } | undefined {
  let found: ReturnType<typeof repeatedKey>;
  visit(document, {
    Map(_, { items }) {
      const keys = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key) || keys.size < keys.add(key.value).size) continue;
        found = { message: `'${key.value}' is given twice`, pos: [key.range![0], key.range![1]] };
        return visit.BREAK;
      }
    },
  });
  return found;
}

/** Where a path stands in the file: its last key, or the deepest part of it that is there. */
function offsetOf(node: Node | null, path: readonly (string | number)[]): number | undefined {
  let place = node?.range?.[0];
  let at: unknown = node;
  for (const key of path) {
    if (isMap(at)) {
      const pair = at.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(key));
      if (!pair) return place;
      place = (pair.key as Node).range?.[0] ?? place;
      at = pair.value;
    } else if (isSeq(at)) {
      at = at.items[Number(key)];
      if (!at) return place;
      place = (at as Node).range?.[0] ?? place;
    } else return place;
  }
  return place;
}
