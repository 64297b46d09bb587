import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runNode } from './run-node';

const cli = fileURLToPath(new URL('../bin/taskloom.js', import.meta.url));
const example = fileURLToPath(new URL('../../../examples/onnx-only.mjs', import.meta.url));
const texts = [
  'Where is my parcel?',
  'REFUND me for order TL-20931, it cost €45.90!!',
  'Crème brûlée torch ﬁne?',
  "don't ship a@b.org 🎉 aaaaaaaaaaaa",
];
let folder = '';

const node = (args: string[], without: readonly string[] = []) => runNode(args, { cwd: folder, without });
const taskloom = (args: string[], without?: readonly string[]) => node([cli, ...args], without);

beforeAll(async () => {
  if (!existsSync(new URL('../dist/cli.js', import.meta.url)))
    throw new Error('These tests run the built command: build first (npm run build).');
  folder = await mkdtemp(join(tmpdir(), 'taskloom-export-'));
  await writeFile(join(folder, 'taken'), 'a file');
  expect(await taskloom(['init', '.', '--format', 'json', '--yes'])).toMatchObject({ code: 0 });
  expect(await taskloom(['train', '--run', 'run', '--steps', '40', '--json'])).toMatchObject({ code: 0 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('export', () => {
  it('writes models, labels, features and a card, and says how good they are', async () => {
    const { code, out, err } = await taskloom([
      'export',
      '--run',
      'run',
      '--out',
      'all',
      '--precision',
      'fp32,fp16,int8',
      '--licence',
      'CC0-1.0',
    ]);
    expect([code, err]).toEqual([0, expect.stringContaining('exporting int8')]);
    for (const part of ['On the validation split:', 'topic', 'model.fp16.onnx', '100.0 %', '100 rows']) expect(out).toContain(part);
    expect((await readdir(join(folder, 'all'))).sort()).toEqual([
      'README.md',
      'config.json',
      'features.json',
      'labels.json',
      'model.fp16.onnx',
      'model.int8.onnx',
      'model.onnx',
    ]);
    expect(await readFile(join(folder, 'all/README.md'), 'utf8')).toContain('**Licence**: CC0-1.0');
    // A place that is taken is left as it is.
    expect(await taskloom(['export', '--run', 'run', '--out', 'all'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('not empty'),
    });
  });

  it('--json gives one value', async () => {
    const { code, out } = await taskloom(['export', '--run', 'run', '--out', 'new/json', '--no-judge', '--json']);
    expect([code, JSON.parse(out)]).toMatchObject([0, { out: 'new/json', models: [{ precision: 'fp32', file: 'model.onnx' }] }]);
  });

  it('answers mistakes', async () => {
    expect(await taskloom(['export', '--run', 'run'])).toMatchObject({ code: 2, err: expect.stringContaining('--out') });
    expect(await taskloom(['export', '--run', 'run', '--out', 'x', '--precision', 'fp8'])).toMatchObject({ code: 2 });
    expect(await taskloom(['export', '--run', 'nowhere', '--out', 'x'])).toMatchObject({ code: 5 });
    expect(await taskloom(['export', '--run', 'run', '--out', 'x', '--data-root', 'nowhere'])).toMatchObject({ code: 4 });
    expect(await taskloom(['export', '--run', 'run', '--out', 'taken'])).toMatchObject({ code: 2 });
    expect(existsSync(join(folder, 'x'))).toBe(false);
  });

  it('without ONNX Runtime judges nothing, and says so before the work', async () => {
    const refused = await taskloom(['export', '--run', 'run', '--out', 'x'], ['onnxruntime']);
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('npm install onnxruntime-node') });
    expect(await taskloom(['export', '--run', 'run', '--out', 'unjudged', '--no-judge'], ['onnxruntime'])).toMatchObject({ code: 0 });
  });
});

describe('predict --model', () => {
  it('answers as the run does, on ONNX Runtime alone', async () => {
    const couple = ['Where is it?', '--and', 'It has not come'];
    for (const question of [...texts.map((text) => [text]), couple]) {
      const run = await taskloom(['predict', '--run', 'run', '--json', ...question]);
      const own = await taskloom(['predict', '--model', 'all', '--json', ...question], ['@tensorflow/tfjs-backend']);
      expect(own.code).toBe(0);
      expect(rounded(own.out)).toEqual(rounded(run.out));
    }
  });

  it('takes one model of several, files and tasks', async () => {
    await writeFile(join(folder, 'in.jsonl'), texts.map((text) => `${JSON.stringify({ text })}\n`).join(''));
    const asked = ['--input', 'in.jsonl', '--output', 'out.jsonl', '--task', 'topic,entities'];
    expect(await taskloom(['predict', '--model', 'all/model.int8.onnx', ...asked])).toMatchObject({ code: 0 });
    const lines = (await readFile(join(folder, 'out.jsonl'), 'utf8')).trim().split('\n');
    expect(lines.map((line) => Object.keys(JSON.parse(line)))).toEqual(texts.map(() => ['topic', 'entities']));
  });

  it('tells what is missing or damaged', async () => {
    expect(await taskloom(['predict', '--model', 'all', 'x'], ['onnxruntime'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('npm install onnxruntime-node'),
    });
    expect(await taskloom(['predict', '--model', 'all', '--run', 'run', 'x'])).toMatchObject({ code: 2 });
    expect(await taskloom(['predict', '--model', 'nowhere', 'x'])).toMatchObject({ code: 5 });
    expect(await taskloom(['predict', '--model', 'run', 'x'])).toMatchObject({ code: 5, err: expect.stringContaining('model.onnx') });
    await cp(join(folder, 'all'), join(folder, 'damaged'), { recursive: true });
    await writeFile(join(folder, 'damaged/labels.json'), '{}');
    expect(await taskloom(['predict', '--model', 'damaged', 'x'])).toMatchObject({ code: 5, err: expect.stringContaining('labels.json') });
    await writeFile(join(folder, 'damaged/model.onnx'), 'no model');
    expect(await taskloom(['predict', '--model', 'damaged', 'x'])).toMatchObject({ code: 5, err: expect.stringContaining('ONNX') });
  });
});

it('examples/onnx-only.mjs answers as `taskloom predict` does, in thirty lines', async () => {
  expect((await readFile(example, 'utf8')).trim().split('\n').length).toBeLessThanOrEqual(30);
  for (const text of texts) {
    const wanted = JSON.parse((await taskloom(['predict', '--model', 'all', '--json', text])).out) as {
      [task: string]: { label?: string };
    };
    const { code, out, err } = await node([example, join(folder, 'all'), text], ['@tensorflow', '@taskloom']);
    expect(code, err).toBe(0);
    const said = Object.fromEntries(
      out
        .trim()
        .split('\n')
        .map((line) => line.split(' ')),
    );
    expect(said).toEqual(
      Object.fromEntries(['topic', 'sentiment', 'urgency', 'entities', 'duplicate'].map((task) => [task, wanted[task]?.label ?? '–'])),
    );
  }
});

function rounded(json: string): unknown {
  return JSON.parse(json, (_, leaf: unknown) => (typeof leaf === 'number' ? Math.round(leaf * 1e4) / 1e4 : leaf));
}
