import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Tests run on the sources of all packages, so that a change needs no build to be seen; packed builds have tests of their own. */
export function tests(options: { timeout?: number } = {}) {
  return defineConfig({
    resolve: {
      alias: [
        { find: /^@taskloom\/testing$/, replacement: source('./scripts/testing/index.ts') },
        { find: /^@taskloom\/core\/(losses|layers|optimizers|modules)$/, replacement: source('./packages/core/src/$1/index.ts') },
        { find: /^@taskloom\/([a-z-]+)\/([a-z-]+)$/, replacement: source('./packages/$1/src/$2.ts') },
        { find: /^@taskloom\/([a-z-]+)$/, replacement: source('./packages/$1/src/index.ts') },
      ],
    },
    test: { testTimeout: options.timeout ?? 60_000, hookTimeout: 60_000, pool: 'forks', maxWorkers: 2 },
  });
}
