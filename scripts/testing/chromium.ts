import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Flags for headless runs: as root in containers, with WebGL in software where there is no GPU. */
export const chromiumFlags = [
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
];

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'];

/** `CHROMIUM_PATH`, or a Chromium on the PATH; undefined where there is none. Nothing is downloaded. */
export function findChromium(): string | undefined {
  const given = process.env.CHROMIUM_PATH;
  if (given) {
    if (existsSync(given)) return given;
    throw new Error(`CHROMIUM_PATH is ${given}, and there is no such file.`);
  }
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find((path) => existsSync(path));
}

/** What to say where there is none. */
export const noChromium = 'Browser tests are skipped: no Chromium on the PATH, and CHROMIUM_PATH is not set.';
