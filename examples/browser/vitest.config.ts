import { defineConfig } from 'vitest/config';
import { aliases } from '../../scripts/sources.mjs';

export default defineConfig({
  resolve: { alias: [...aliases] },
  test: { include: ['test/*.test.ts'], testTimeout: 120_000, hookTimeout: 180_000, pool: 'forks', maxWorkers: 1 },
});
