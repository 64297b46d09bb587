import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fetchDataset } from '../src/datasets/fetch-dataset';
import { linesOf, type OpenDataset } from '../src/datasets/open-dataset';
import { tweeteval } from '../src/datasets/tweeteval';
import { exitCodeOf } from '../src/exit-codes';

const shared = fileURLToPath(new URL('../../../../shared/data/tweeteval/', import.meta.url));
let base = '';
let folder = '';
let count = 0;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'taskloom-fetch-'));
});
beforeEach(async () => {
  folder = join(base, String(count++));
  await mkdir(folder);
});
afterAll(() => rm(base, { recursive: true, force: true }));

/** Three tweets a file, in the origin's layout; `change` replaces what a path holds. */
function small(change: { readonly [path: string]: string } = {}): Map<string, string> {
  const files = new Map<string, string>();
  for (const { path, from } of tweeteval.files) {
    if (path.endsWith('mapping.json'))
      files.set(from[0]!, path.startsWith('emoji') ? '0\t❤\t_red_heart_\t\n1\t😍\t_eyes_\t\n' : '0\tno\n1\tyes');
    else {
      files.set(from[0]!, `a "quoted" tweet of ${path} \n\nthree 💙 \n`);
      files.set(from[1]!, '0\n1\n0\n');
    }
  }
  for (const [path, text] of Object.entries(change)) files.set(path, text);
  return files;
}

async function written(files: ReadonlyMap<string, string>, below = 'datasets'): Promise<string> {
  for (const [path, text] of files) {
    const full = join(folder, 'origin', below, path);
    await mkdir(dirname(full), { recursive: true });
    await writeFile(full, text);
  }
  return join(folder, 'origin');
}

const rowsOf = (path: string) => linesOf(gunzipSync(readFileSync(path)).toString()).map((line) => JSON.parse(line) as unknown);

async function failure(run: Promise<unknown>): Promise<{ code: string; message: string; exit: number }> {
  try {
    await run;
  } catch (error) {
    return { code: (error as { code: string }).code, message: (error as Error).message, exit: exitCodeOf(error) };
  }
  throw new Error('It did not fail.');
}

describe('data fetch --from', () => {
  it('converts the layout of the origin into rows and mappings', async () => {
    const into = join(folder, 'data');
    const { files } = await fetchDataset(tweeteval, { into, from: await written(small()), allowChanges: true });
    expect(files).toHaveLength(11 * 3 + 7);
    expect(rowsOf(join(into, 'stance/climate/train.jsonl.gz'))).toEqual([
      { text: 'a "quoted" tweet of stance/climate/train.jsonl.gz ', label: 0 },
      { text: '', label: 1 },
      { text: 'three 💙 ', label: 0 },
    ]);
    expect(rowsOf(join(into, 'irony/test.jsonl.gz'))[2]).toEqual({ text: 'three 💙 ', label: 0, i: 2 });
    expect(JSON.parse(await readFile(join(into, 'emoji/mapping.json'), 'utf8'))).toEqual({ 0: ['❤', '_red_heart_'], 1: ['😍', '_eyes_'] });
    expect(JSON.parse(await readFile(join(into, 'hate/mapping.json'), 'utf8'))).toEqual({ 0: 'no', 1: 'yes' });
    // The data folder itself will do as well.
    const again = await fetchDataset(tweeteval, {
      into: join(folder, 'again'),
      from: join(folder, 'origin', 'datasets'),
      allowChanges: true,
    });
    expect(again.files).toEqual(files);
  });

  it.each([
    ['other data', {}, 'data_differs', /SHA-256|45000 rows/, 4],
    ['labels that are missing', { 'emoji/train_labels.txt': '0\n1\n' }, 'bad_data', /3 texts, 2 labels/, 4],
    ['a label out of range', { 'irony/val_labels.txt': '0\n2\n0\n' }, 'bad_data', /'irony\/val_labels.txt', line 2 .*0 … 1/, 4],
    ['a label that is no number', { 'irony/val_labels.txt': '0\nx\n0\n' }, 'bad_data', /line 2/, 4],
  ])('refuses %s and leaves nothing behind', async (what, change, code, message, exit) => {
    const into = join(folder, 'data');
    const from = await written(small(change));
    const found = await failure(fetchDataset(tweeteval, { into, from, allowChanges: what !== 'other data' }));
    expect(found).toMatchObject({ code, message: expect.stringMatching(message), exit });
    expect(readdirSync(folder)).toEqual(['origin']);
  });

  it('names a file that is missing', async () => {
    const from = await written(new Map([...small()].filter(([path]) => path !== 'hate/test_text.txt')));
    const found = await failure(fetchDataset(tweeteval, { into: join(folder, 'data'), from, allowChanges: true }));
    expect(found).toMatchObject({ code: 'file_missing', message: expect.stringContaining('hate/test_text.txt'), exit: 4 });
    expect(readdirSync(folder)).toEqual(['origin']);
  });

  it('does not touch a folder that is there, unless told to, and then replaces it whole', async () => {
    const into = join(folder, 'data');
    await mkdir(into);
    await writeFile(join(into, 'mine.txt'), 'mine');
    const from = await written(small());
    expect(await failure(fetchDataset(tweeteval, { into, from, allowChanges: true }))).toMatchObject({ code: 'usage', exit: 2 });
    expect(readdirSync(into)).toEqual(['mine.txt']);
    await fetchDataset(tweeteval, { into, from, allowChanges: true, overwrite: true });
    expect(existsSync(join(into, 'mine.txt'))).toBe(false);
    expect(readdirSync(folder).sort()).toEqual(['data', 'origin']);
  });

  // The shared files are the origin's lines: written back into its layout they must have the checksums that the code holds.
  it.skipIf(!existsSync(shared))('knows the checksums of the train and validation files (skipped where ../shared is absent)', async () => {
    const files = tweeteval.files.filter(({ sha256 }) => sha256);
    expect(files).toHaveLength(21);
    const texts = new Map<string, string>();
    for (const { path, from } of files) {
      const rows = rowsOf(join(shared, path)) as { text: string; label: number }[];
      texts.set(from[0]!, rows.map(({ text }) => `${text}\n`).join(''));
      texts.set(from[1]!, rows.map(({ label }) => `${label}`).join('\n'));
    }
    const some: OpenDataset = { ...tweeteval, files };
    const result = await fetchDataset(some, { into: join(folder, 'data'), from: await written(texts) });
    expect(new Set(result.files.map(({ check }) => check))).toEqual(new Set(['sha256']));
    const [label, ...rest] = linesOf(texts.get('irony/val_labels.txt')!);
    texts.set('irony/val_labels.txt', [1 - Number(label), ...rest].join('\n'));
    expect(await failure(fetchDataset(some, { into: join(folder, 'other'), from: await written(texts) }))).toMatchObject({
      code: 'data_differs',
      message: expect.stringMatching(/irony\/val_text.txt and irony\/val_labels.txt .* SHA-256/),
    });
  });
});

describe('data fetch over the network', () => {
  const files = small();
  const answer = (url: string) => {
    const path = url.split('/datasets/')[1]!;
    return new Response(files.get(path) ?? 'no', { status: files.has(path) ? 200 : 404 });
  };
  const getting = (get: (url: string) => Promise<Response>) => ((url: string) => get(url)) as unknown as typeof globalThis.fetch;

  it('asks the origin at its commit', async () => {
    const asked: string[] = [];
    const { origin } = await fetchDataset(tweeteval, {
      into: join(folder, 'data'),
      allowChanges: true,
      fetch: getting(async (url) => {
        asked.push(url);
        return answer(url);
      }),
    });
    expect(asked).toHaveLength(2 * 33 + 7);
    expect(asked[0]).toBe('https://raw.githubusercontent.com/cardiffnlp/tweeteval/4fbd22cd7842/datasets/emoji/train_text.txt');
    expect(origin).toContain('4fbd22cd7842');
  });

  it('takes the main branch where the commit is gone, and says so', async () => {
    const { origin } = await fetchDataset(tweeteval, {
      into: join(folder, 'data'),
      allowChanges: true,
      fetch: getting(async (url) => (url.includes('4fbd22cd7842') ? new Response('', { status: 404 }) : answer(url))),
    });
    expect(origin).toBe('https://raw.githubusercontent.com/cardiffnlp/tweeteval/main/datasets/');
  });

  it('says when it is offline, and what to do', async () => {
    const into = join(folder, 'data');
    const fetch = getting(async () => {
      throw new TypeError('fetch failed', { cause: { code: 'ENOTFOUND' } });
    });
    const found = await failure(fetchDataset(tweeteval, { into, fetch }));
    expect(found).toMatchObject({ code: 'offline', exit: 6 });
    for (const part of [
      'raw.githubusercontent.com cannot be reached (ENOTFOUND)',
      'Nothing was written',
      'git clone',
      '--from tweeteval/datasets',
    ])
      expect(found.message).toContain(part);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves nothing behind when it breaks off half way', async () => {
    let calls = 0;
    const fetch = getting(async (url) => {
      if (++calls > 20) throw new DOMException('too slow', 'TimeoutError');
      return answer(url);
    });
    const found = await failure(fetchDataset(tweeteval, { into: join(folder, 'data'), fetch, allowChanges: true }));
    expect(found).toMatchObject({ code: 'offline', message: expect.stringContaining('too slow') });
    expect(readdirSync(folder)).toEqual([]);
  });
});
