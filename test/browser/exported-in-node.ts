import { join } from 'node:path';
import type { BrowserCommand } from 'vitest/node';
import { withSources } from '../../scripts/sources.mjs';
import type { Exported, Precision } from './exported';

declare module 'vitest/browser' {
  interface BrowserCommands {
    exportedInNode(): Promise<Record<Precision, Exported>>;
  }
}

/** The exports in every precision. */
export const exportedInNode: BrowserCommand<[]> = async () => {
  const exported = {} as Record<Precision, Exported>;
  await withSources<typeof import('./exported')>(join(import.meta.dirname, 'exported.ts'), async ({ exportInNode, precisions }) => {
    for (const precision of precisions) exported[precision] = await exportInNode(precision);
  });
  return exported;
};
