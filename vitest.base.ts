import { defineConfig } from 'vitest/config';
import { aliases } from './scripts/sources.mjs';

/** Tests run on the sources of all packages, so that a change needs no build to be seen; packed builds have tests of their own. */
export function tests(options: { timeout?: number } = {}) {
  return defineConfig({
    resolve: { alias: [...aliases] },
    test: {
      testTimeout: options.timeout ?? 120_000,
      hookTimeout: options.timeout ?? 120_000,
      pool: 'forks',
      maxWorkers: 2,
      // TensorFlow.js greets each process that it runs in.
      onConsoleLog: (text) => !text.includes('you are running TensorFlow.js in Node.js'),
    },
  });
}
