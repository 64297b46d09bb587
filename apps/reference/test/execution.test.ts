import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runNode } from './run-node';

const cli = fileURLToPath(new URL('../bin/taskloom.js', import.meta.url));
const line = 'onnxruntime-node is not installed: steps run op by op on TensorFlow.js, several times slower. npm install onnxruntime-node\n';
let folder = '';

beforeAll(async () => {
  if (!existsSync(new URL('../dist/cli.js', import.meta.url)))
    throw new Error('These tests run the built command: build first (npm run build).');
  folder = await mkdtemp(join(tmpdir(), 'taskloom-execution-'));
  expect(await runNode([cli, 'init', '.', '--format', 'json', '--yes'], { cwd: folder })).toMatchObject({ code: 0 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const withoutOrt = (...args: string[]) => runNode([cli, ...args], { cwd: folder, without: ['onnxruntime'] });

describe('without ONNX Runtime', () => {
  it('training is eager, and says what that costs', async () => {
    const { code, out, err } = await withoutOrt('train', '--run', 'a', '--steps', '2');
    expect(code, err).toBe(0);
    expect(err.startsWith(line)).toBe(true);
    expect(out).not.toContain('onnxruntime');
  });

  it('with --json on stderr, and nothing else', async () => {
    const { code, out, err } = await withoutOrt('train', '--run', 'b', '--steps', '2', '--json');
    expect([code, err, JSON.parse(out)]).toEqual([0, line, expect.objectContaining({ step: 2 })]);
  });

  it('once for all trainings of a comparison', async () => {
    const args = ['compare', '--methods', 'log', '--steps', '2', '--seeds', '1', '--grid', '1', '--no-single', '--run', 'c'];
    const { code, out, err } = await withoutOrt(...args);
    expect(code, err).toBe(0);
    expect(err.split(line)).toHaveLength(2);
    expect(out).not.toContain('onnxruntime');
  });

  it('compiled is refused, and eager says nothing', async () => {
    expect(await withoutOrt('train', '--run', 'd', '--steps', '2', '--execution', 'compiled')).toMatchObject({
      code: 2,
      err: expect.stringContaining('npm install onnxruntime-node'),
    });
    const asked = await withoutOrt('train', '--run', 'e', '--steps', '2', '--execution', 'eager', '--json');
    expect([asked.code, asked.err]).toEqual([0, '']);
    expect(await withoutOrt('evaluate', '--run', 'e', '--execution', 'compiled')).toMatchObject({
      code: 2,
      err: expect.stringContaining('npm install onnxruntime-node'),
    });
    expect(await withoutOrt('evaluate', '--run', 'e', '--json')).toMatchObject({ code: 0, err: '' });
  });
});
