import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TaskloomError } from '@taskloom/core';
import { type ResolvedConfig, resolveConfig } from '@taskloom/pipeline';
import { isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
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

function readData(full: string, shown: string): ResolvedConfig {
  const lines = new LineCounter();
  const document = parseDocument(readFileSync(full, 'utf8'), { lineCounter: lines, prettyErrors: false });
  const [wrong] = document.errors;
  if (wrong) {
    const { line, col } = lines.linePos(wrong.pos[0]);
    throw new TaskloomError('bad_config', `${shown}:${line}:${col} ${wrong.message}`, { name: shown });
  }
  return resolveConfig(document.toJS({ maxAliasCount: 100 }), {
    file: shown,
    locate(path) {
      const offset = offsetOf(document.contents, path);
      if (offset === undefined) return undefined;
      const { line, col } = lines.linePos(offset);
      return { line, column: col };
    },
  });
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
