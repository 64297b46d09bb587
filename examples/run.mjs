#!/usr/bin/env node
// node examples/run.mjs <example>.ts [arguments]: runs an example on the sources of the packages; nothing needs to be built first.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer, createServerModuleRunner } from 'vite';

const source = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const [example] = process.argv.splice(2, 1);
if (!example) {
  console.error('Which example? node examples/run.mjs sinusoid.ts --smoke');
  process.exit(2);
}

const server = await createServer({
  root: source('.'),
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
  await createServerModuleRunner(server.environments.ssr).import(resolve(source('examples'), example));
} finally {
  await server.close();
}
