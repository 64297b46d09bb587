import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { folderStore } from '@taskloom/core/node';
import { train } from '@taskloom/pipeline';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../../apps/reference/src/backend';
import { dataFiles } from '../../../apps/reference/src/data-files';
import { supportConfig } from '../../../apps/reference/src/support-config';
import { chromiumFlags, findChromium, noChromium } from '../../../scripts/testing/chromium';
import { servePage } from './serve';

const executablePath = findChromium();
if (!executablePath) console.warn(noChromium);

/** Longest time in which the page may not answer to a key. */
const longestPause = 200;
const newTopic = 'feedback';
const examples = [
  'Please paint my bicycle blue',
  'Could you paint a table?',
  'Is painting possible?',
  'Paint it red, please',
  'I want it painted',
];
const text = 'Please paint my bicycle blue by Friday';
/** WCAG 2.2's least contrasts (AA): 4.5 for text, 3 for the edges of controls and for bars. */
const contrasts: readonly (readonly [colour: string, ground: string, least: number])[] = [
  ...['ink', 'faint', 'wrong'].flatMap((colour) => ['paper', 'card', 'field'].map((ground) => [colour, ground, 4.5] as const)),
  ['on-accent', 'accent', 4.5],
  ...['edge', 'accent'].flatMap((colour) => ['card', 'field'].map((ground) => [colour, ground, 3] as const)),
];

describe.skipIf(!executablePath)('the page', () => {
  let server: Awaited<ReturnType<typeof servePage>>;
  let browser: Browser;
  let page: Page;
  let folder: string;
  const errors: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'taskloom-run-'));
    await startBackend();
    const training = { ...supportConfig.training, steps: 40, evaluateEvery: 40 };
    const data = dataFiles(resolve(import.meta.dirname, '../../../apps/reference/data/support'));
    await train({ ...supportConfig, training }, { store: folderStore(folder), data });
    server = await servePage(folder);
    browser = await chromium.launch({ executablePath, args: chromiumFlags });
    page = await browser.newPage();
    page.on('pageerror', ({ message }) => errors.push(message));
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  const says = (id: string, words: RegExp) =>
    page.waitForFunction(
      ([id, source]) => new RegExp(source!).test(document.getElementById(id!)?.textContent ?? ''),
      [id, words.source] as const,
      {
        timeout: 60_000,
      },
    );
  /** The chance of a topic, in percent. */
  const chance = async (topic: string) =>
    Number.parseInt((await page.textContent(`#answers [data-task=topic] li[data-label=${topic}] > :last-child`)) ?? '', 10);

  it('loads a run and answers', async () => {
    await page.goto(server.address);
    await says('status', /5 tasks.* on wasm/);
    await page.waitForSelector('#answers [data-task=topic]');
    expect(await page.locator('#answers .answer').count()).toBe(4);
    expect(await page.locator('#pair-answers .answer').count()).toBe(1);
    expect(await page.locator('#answers [data-task=topic] li').count()).toBe(8);
  });

  it.each(['light', 'dark'] as const)('is legible in its %s scheme', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    for (const [colour, ground, least] of contrasts)
      expect(await page.evaluate(contrastOf, [colour, ground] as const), `--${colour} on --${ground}`).toBeGreaterThanOrEqual(least);
  });

  it('answers as one types', async () => {
    const before = await page.textContent('#answers');
    await page.fill('#text', '');
    await page.locator('#text').pressSequentially('You charged me twice, I want my money back', { delay: 10 });
    await page.waitForFunction((old) => document.querySelector('#answers')?.textContent !== old, before);
    await page.fill('#text', text);
    await says('spoken', /topic: .*urgency: /);
  });

  it('learns five examples without stopping the page, and forgets them again', async () => {
    await page.waitForTimeout(500);
    const [before, whole] = [await chance(newTopic), await page.textContent('#answers')];
    await page.selectOption('#task', 'topic');
    for (const [i, example] of examples.entries()) {
      await page.getByLabel(`Example ${i + 1}: text`).fill(example);
      await page.getByLabel(`Example ${i + 1}: label`).selectOption(newTopic);
    }
    await page.uncheck('#keep');
    await page.evaluate(watchPauses);
    await page.click('#teach [type=submit]');
    await page.waitForSelector('#progress:not([hidden])');
    // Typing goes on meanwhile.
    await page.locator('#text').press('End');
    await page.locator('#text').pressSequentially('!!', { delay: 50 });
    await says('note', /Learned 5 examples of topic/);
    const pause = await page.evaluate(() => (globalThis as unknown as { longestPause: number }).longestPause);
    console.info(`The longest pause of the page while it learned: ${pause.toFixed(0)} ms.`);
    expect(pause).toBeLessThan(longestPause);

    await page.fill('#text', text);
    await says('spoken', new RegExp(`topic: ${newTopic}`));
    expect(await chance(newTopic)).toBeGreaterThan(before + 20);
    await page.click('#reset');
    await page.waitForFunction((old) => document.querySelector('#answers')?.textContent === old, whole);
  });

  it('leaves the other tasks as they are when asked to', async () => {
    const others = () => page.locator('#answers [data-task=sentiment], #answers [data-task=urgency]').allTextContents();
    const [before, kept] = [await chance(newTopic), await others()];
    await page.check('#keep');
    await page.selectOption('#steps', { label: 'by heart' });
    await page.click('#teach [type=submit]');
    await page.waitForSelector('#answers em');
    expect(await chance(newTopic)).toBeGreaterThan(before + 10);
    expect(await others()).toEqual(kept);
  });

  it('says what is missing where there is no run, and shows no error of its own', async () => {
    expect(errors).toEqual([]);
    await page.goto(`${server.address}?run=runs/nowhere`);
    await says('status', /There is no finished run in .*runs\/nowhere/);
    expect(errors).toEqual([]);
  });

  it('reads a folder picked from disk', async () => {
    await page.setInputFiles('#folder', folder);
    await says('status', /5 tasks/);
    await page.waitForSelector('#answers [data-task=topic]');
  });
});

/** Runs in the page: notes the longest time between two ticks of a timer. */
function watchPauses(): void {
  const watched = globalThis as unknown as { longestPause: number };
  watched.longestPause = 0;
  let last = performance.now();
  setInterval(() => {
    const now = performance.now();
    watched.longestPause = Math.max(watched.longestPause, now - last);
    last = now;
  }, 10);
}

/** Runs in the page: the contrast of two of its colours, as WCAG 2.2 defines it. */
function contrastOf([colour, ground]: readonly [string, string]): number {
  const luminance = (name: string) => {
    const probe = document.body.appendChild(document.createElement('i'));
    probe.style.color = `var(--${name})`;
    const channels = getComputedStyle(probe)
      .color.match(/[\d.]+/g)!
      .slice(0, 3)
      .map((value) => Number(value) / 255);
    probe.remove();
    const [r, g, b] = channels.map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)) as [
      number,
      number,
      number,
    ];
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [a, b] = [luminance(colour), luminance(ground)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}
