// Our packages by name, read from their sources: what tests, examples and golden files run on, so that nothing needs to be built first.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createServer, createServerModuleRunner } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Vite's aliases for every entry of every package (its `exports`, `./x` being `src/x.ts` or `src/x/index.ts`) and for `@taskloom/testing`. */
export const aliases = [
  alias('@taskloom/testing', `${root}scripts/testing/index.ts`),
  alias('@taskloom/testing/gradient-cases', `${root}scripts/testing/gradient-cases.ts`),
  alias('@taskloom/testing/optimizers', `${root}scripts/testing/optimizers.ts`),
  ...readdirSync(`${root}packages`).flatMap((folder) => {
    const file = `${root}packages/${folder}/package.json`;
    if (!existsSync(file)) return []; // a package that is being written, or what an older one left
    const { name, exports } = JSON.parse(readFileSync(file, 'utf8'));
    const entries = Object.keys(exports).filter((entry) => entry !== './package.json');
    return entries.map((entry) => alias(name + entry.slice(1), sourceOf(`${root}packages/${folder}/src`, entry.slice(2) || 'index')));
  }),
];

function alias(name, replacement) {
  return { find: new RegExp(`^${name}$`), replacement };
}

function sourceOf(src, entry) {
  const file = `${src}/${entry}.ts`;
  return existsSync(file) ? file : `${src}/${entry}/index.ts`;
}

/** Imports a TypeScript file on our sources, and hands what it exports to `use`. */
export async function withSources(file, use = () => {}) {
  const server = await createServer({
    root,
    configFile: false,
    logLevel: 'error',
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
    resolve: { alias: aliases },
  });
  try {
    await use(await createServerModuleRunner(server.environments.ssr).import(file));
  } finally {
    await server.close();
  }
}
