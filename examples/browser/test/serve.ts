import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build, preview } from 'vite';

/** The page as it would be published, with a run beside it, on a port of its own. */
export async function servePage(run: string): Promise<{ readonly address: string; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'taskloom-page-'));
  const configFile = resolve(import.meta.dirname, '../vite.config.ts');
  await build({ configFile, logLevel: 'error', publicDir: false, build: { outDir: folder, emptyOutDir: true } });
  await cp(run, join(folder, 'runs/demo'), { recursive: true });
  const server = await preview({
    configFile,
    logLevel: 'error',
    build: { outDir: folder },
    preview: { port: 0, strictPort: false, host: '127.0.0.1' },
  });
  const address = server.resolvedUrls?.local[0];
  if (!address) throw new Error('The preview server has no address.');
  return {
    address,
    async close() {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
