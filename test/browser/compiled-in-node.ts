import { join } from 'node:path';
import type { BrowserCommand } from 'vitest/node';
import { withSources } from '../../scripts/sources.mjs';

declare module 'vitest/browser' {
  interface BrowserCommands {
    compiledInNode(steps: number): Promise<number[]>;
  }
}

/** The losses of `ort()` in Node. */
export const compiledInNode: BrowserCommand<[steps: number]> = async (_, steps) => {
  let losses: number[] = [];
  await withSources<typeof import('./ort-in-node')>(join(import.meta.dirname, 'ort-in-node.ts'), async ({ trainInNode }) => {
    losses = await trainInNode(steps);
  });
  return losses;
};
