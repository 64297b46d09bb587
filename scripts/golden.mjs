#!/usr/bin/env node
// pnpm golden [folder]: runs the golden files through the public functions of the packages, on their sources.
import { fileURLToPath } from 'node:url';
import { createServer, createServerModuleRunner } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = process.argv[2] ?? fileURLToPath(new URL('../../shared/golden', import.meta.url));
const source = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const server = await createServer({
  root,
  configFile: false,
  logLevel: 'error',
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
  resolve: {
    alias: [
      { find: /^@taskloom\/core\/(losses|layers|optimizers|modules)$/, replacement: source('packages/core/src/$1/index.ts') },
      { find: /^@taskloom\/([a-z-]+)\/([a-z-]+)$/, replacement: source('packages/$1/src/$2.ts') },
      { find: /^@taskloom\/([a-z-]+)$/, replacement: source('packages/$1/src/index.ts') },
    ],
  },
});
try {
  const { main } = await createServerModuleRunner(server.environments.ssr).import(source('scripts/golden/main.ts'));
  process.exitCode = (await main(folder)) === 0 ? 0 : 1;
} finally {
  await server.close();
}
