// The support config in a headless Chromium beside Node. Run: node examples/run.mjs ../bench/browser.ts [compiled] [wasm] [cpu] [webgl]
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

/** What is measured, and for how many steps. */
const steps = { compiled: 20, wasm: 20, cpu: 8, webgl: 4 } as const;
type Way = keyof typeof steps;
const names = { compiled: 'compiled', wasm: 'eager, wasm', cpu: 'eager, cpu', webgl: 'eager, webgl (SwiftShader)' } as const;

const asked = process.argv.slice(2);
const ways = (Object.keys(steps) as Way[]).filter((way) => asked.length === 0 || asked.includes(way));

const executablePath = findChromium();
if (!executablePath) throw new Error(noChromium);
console.log('| where | steps | first step | a step, median | one text, median | load average |');
console.log('|---|---|---:|---:|---:|---:|');
await withPage(executablePath, async (page, version) => {
  for (const way of ways) {
    const execution = way === 'compiled' ? 'compiled' : 'eager';
    const backend = way === 'compiled' ? 'wasm' : way;
    if (backend !== 'webgl') {
      await startBackend(backend);
      printRow(`Node ${process.versions.node}`, way, await measure(steps[way], execution));
    }
    const timings = await page.evaluate((given) => (globalThis as unknown as { measureInPage: MeasureInPage }).measureInPage(...given), [
      backend,
      steps[way],
      execution,
    ] as Parameters<MeasureInPage>);
    printRow(`Chromium ${version}`, way, timings);
  }
});
console.log(`\n${cpus().length} cores; the load average is that of the minute before the row.`);

function printRow(place: string, way: Way, timings: Timings | undefined): void {
  const cells = timings
    ? [timings.firstStep, timings.step, timings.prediction].map((ms) => `${ms.toFixed(1)} ms`)
    : ['does not start', '', ''];
  cells.push(loadavg()[0]!.toFixed(0));
  console.log(`| ${[place, names[way], ...cells].join(' | ')} |`);
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
