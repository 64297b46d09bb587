// The support config in a headless Chromium beside Node. Run: node examples/run.mjs ../bench/browser.ts
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright-core';
import { build, preview } from 'vite';
import { startBackend } from '../apps/reference/src/backend';
import { aliases } from '../scripts/sources.mjs';
import { chromiumFlags, findChromium, noChromium } from '../scripts/testing/chromium';
import { measure, type Timings } from './browser/measure';
import type { MeasureInPage } from './browser/page';

const steps = { cpu: 8, wasm: 20, webgl: 4 } as const;

const executablePath = findChromium();
if (!executablePath) throw new Error(noChromium);
console.log('| where | backend | first step | a step, median | one text, median |');
console.log('|---|---|---:|---:|---:|');
await withPage(executablePath, async (page, version) => {
  const inNode = async (backend: 'cpu' | 'wasm') => {
    await startBackend(backend);
    printRow(`Node ${process.versions.node}`, backend, await measure(steps[backend]));
  };
  const inPage = async (backend: keyof typeof steps) => {
    const timings = await page.evaluate(
      ([name, count]) => (globalThis as unknown as { measureInPage: MeasureInPage }).measureInPage(name, count),
      [backend, steps[backend]] as const,
    );
    printRow(`Chromium ${version}`, backend === 'webgl' ? 'webgl (SwiftShader)' : backend, timings);
  };
  for (const backend of ['wasm', 'cpu'] as const) {
    await inNode(backend);
    await inPage(backend);
  }
  await inPage('webgl');
});
console.log(`\n${cpus().length} cores, load average ${loadavg()[0]!.toFixed(0)} at the end.`);

function printRow(place: string, backend: string, timings: Timings | undefined): void {
  const cells = timings
    ? [timings.firstStep, timings.step, timings.prediction].map((ms) => `${ms.toFixed(1)} ms`)
    : ['does not start', '', ''];
  console.log(`| ${[place, backend, ...cells].join(' | ')} |`);
}

/** The built page in a browser that has nothing else to do. */
async function withPage(path: string, use: (page: Page, version: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'taskloom-bench-'));
  const options = { configFile: false, root: fileURLToPath(new URL('browser/', import.meta.url)), logLevel: 'error' } as const;
  await build({
    ...options,
    resolve: { alias: [...aliases] },
    build: { outDir: folder, emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 5000 },
  });
  const server = await preview({ ...options, build: { outDir: folder }, preview: { host: '127.0.0.1', port: 0 } });
  const browser = await chromium.launch({ executablePath: path, args: chromiumFlags });
  try {
    const page = await browser.newPage();
    await page.goto(server.resolvedUrls!.local[0]!);
    await page.waitForFunction(() => 'measureInPage' in globalThis);
    await use(page, browser.version());
  } finally {
    await browser.close();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}
