import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { app, libraries, root, sourcesOf } from './packages';

const featurePackages = ['shared-encoder', 'task-embedding', 'gating', 'mtl-loss', 'maml'];
/** Which of our packages each one may import: the map of ARCHITECTURE.md, where nothing imports upward. */
const allowed: Record<string, readonly string[]> = {
  core: [],
  text: ['core'],
  onnx: ['core'],
  trainer: ['core'],
  pipeline: ['core', 'text', 'onnx', 'trainer', ...featurePackages],
  ...Object.fromEntries(featurePackages.map((name) => [name, ['core']])),
};

/** What a file imports, statically or lazily, at run time or for types. */
function importsOf(path: string): string[] {
  const code = readFileSync(`${root}/${path}`, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
  const found = code.matchAll(
    /(?:^|[\s;])(?:import|export)\s[^'";]*?from\s*'([^']+)'|(?:^|[\s;])import\s*'([^']+)'|import\(\s*'([^']+)'\s*\)/gm,
  );
  return [...found].map((match) => (match[1] ?? match[2] ?? match[3])!);
}

/** The files that `entries` import, and theirs, through relative imports. */
function reachable(entries: readonly string[]): string[] {
  const seen = new Set<string>();
  const visit = (path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const specifier of importsOf(path).filter((name) => name.startsWith('.'))) {
      const base = join(dirname(path), specifier);
      const file = [`${base}.ts`, `${base}/index.ts`, base].find(
        (candidate) => existsSync(`${root}/${candidate}`) && candidate.endsWith('.ts'),
      );
      if (file) visit(file);
    }
  };
  entries.forEach(visit);
  return [...seen];
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

describe.each([...libraries, app])('$manifest.name', ({ folder, manifest }) => {
  const sources = sourcesOf(`${folder}/src`);
  const imported = new Set(sources.flatMap(importsOf).filter((name) => !name.startsWith('.')));
  const short = manifest.name.replace('@taskloom/', '');

  it('has sources', () => expect(sources.length).toBeGreaterThan(0));

  it('imports only what stands below it', () => {
    const ours = [...imported].map(packageOf).filter((name) => name.startsWith('@taskloom/'));
    const rule = allowed[short] ?? libraries.map((library) => library.manifest.name.replace('@taskloom/', ''));
    expect(ours.filter((name) => !rule.includes(name.replace('@taskloom/', '')))).toEqual([]);
  });

  if (folder !== app.folder) {
    it('imports no backend', () => {
      const backend =
        short === 'onnx'
          ? /tfjs-(backend|node|converter|data)|^@tensorflow\/tfjs$/
          : /tfjs-(backend|node|converter|data)|onnxruntime|^@tensorflow\/tfjs$/;
      expect([...imported].filter((name) => backend.test(name))).toEqual([]);
    });
  }

  it('declares exactly what it imports', () => {
    // The app's own name stands in the config that `init` writes.
    const used = [...new Set([...imported].filter((name) => !isBuiltin(name)).map(packageOf))]
      .filter((name) => name !== manifest.name)
      .sort();
    const declared = [...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.peerDependencies ?? {})].sort();
    expect(declared).toEqual(used);
  });

  it('reaches Node built-ins only from ./node', () => {
    if (folder === app.folder) return;
    const entries = ['index', 'host', 'browser', 'web', 'layers/index', 'losses/index', 'modules/index', 'optimizers/index'];
    const found = reachable(entries.map((entry) => `${folder}/src/${entry}.ts`).filter((path) => sources.includes(path)));
    expect(found.filter((path) => importsOf(path).some(isBuiltin))).toEqual([]);
  });

  it('does nothing at import', () => {
    if (folder !== app.folder) expect(manifest.sideEffects).toBe(false);
  });
});

/** `engine()` of TensorFlow.js but for the two methods that everybody may call to run and to differentiate kernels. */
function knowsEngine(path: string): boolean {
  const code = readFileSync(`${root}/${path}`, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
  const imported = [...code.matchAll(/import\s*\{([^}]*)\}\s*from\s*'@tensorflow\/tfjs-core'/g)].flatMap(([, names]) => names!.split(','));
  const name = imported.map((text) => /^\s*engine(?:\s+as\s+(\w+))?\s*$/.exec(text)).find(Boolean);
  const uses = name ? new RegExp(`\\b${name[1] ?? 'engine'}\\b(?!\\(\\)\\.(runKernel|gradients)\\()`) : /\bENGINE\b|\btf\.engine\b/;
  const rest = code.replace(/import\s*\{[^}]*\}\s*from\s*'[^']*'/g, '');
  return uses.test(rest);
}

it('internals of the engine of TensorFlow.js are touched in two files', () => {
  const sources = [...libraries, app].flatMap(({ folder }) => sourcesOf(`${folder}/src`));
  expect(sources.filter(knowsEngine)).toEqual(['packages/core/src/repair/rule.ts', 'packages/onnx/src/trace/backend.ts']);
});
