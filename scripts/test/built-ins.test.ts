import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { libraries, root } from './packages';

const builtLibraries = libraries.filter(({ folder }) => existsSync(`${root}/${folder}/dist`));
if (builtLibraries.length < libraries.length) console.warn('Packages that are not built are left out: `npm run build` first.');

/** What a built file imports, requires, or imports lazily. */
function importsOf(file: string): string[] {
  const code = readFileSync(file, 'utf8');
  const found = code.matchAll(/\b(?:from|import)\s*["']([^"']+)["']|\b(?:require|import)\s*\(\s*["']([^"']+)["']\s*\)/g);
  return [...found].map((match) => (match[1] ?? match[2])!);
}

/** The built files that an entry loads, itself included. */
function graphOf(entry: string): string[] {
  const seen = new Set<string>();
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const specifier of importsOf(file)) if (specifier.startsWith('.')) visit(join(dirname(file), specifier));
  };
  visit(entry);
  return [...seen];
}

/** The files of an entry in `exports`, under all conditions. */
function targetsOf(entry: unknown): string[] {
  if (typeof entry === 'string') return entry.endsWith('js') ? [entry] : [];
  return typeof entry === 'object' && entry !== null ? Object.values(entry).flatMap(targetsOf) : [];
}

describe.each(builtLibraries)('$manifest.name as it is published', ({ folder, manifest }) => {
  const entries = Object.entries(manifest.exports).filter(([name]) => name !== './package.json');

  it.each(entries)('%s loads Node built-ins only if it is ./node', (name, targets) => {
    const files = targetsOf(targets).map((target) => join(root, folder, target));
    expect(files.length).toBeGreaterThan(0);
    const builtIns = files.flatMap(graphOf).flatMap((file) => importsOf(file).filter((specifier) => isBuiltin(specifier)));
    if (name === './node') expect(builtIns.length).toBeGreaterThan(0);
    else expect(builtIns).toEqual([]);
  });
});
