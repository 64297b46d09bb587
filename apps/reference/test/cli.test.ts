import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { gzipSync } from 'node:zlib';
import { TaskloomError } from '@taskloom/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodeOf } from '../src/exit-codes';

const cli = fileURLToPath(new URL('../bin/taskloom.js', import.meta.url));
let folder = '';
/** Messages of the test split. */
const testRows = readFileSync(new URL('../data/support/test.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n').length;

beforeAll(async () => {
  if (!existsSync(new URL('../dist/cli.js', import.meta.url)))
    throw new Error('These tests run the built command: build first (npm run build).');
  folder = await mkdtemp(join(tmpdir(), 'taskloom-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function taskloom(
  args: string[],
  { input, signalAfter, cwd = folder }: { input?: string; signalAfter?: RegExp; cwd?: string } = {},
): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [cli, ...args],
      { cwd, env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '' } },
      (error, out, err) => resolve({ code: error ? (typeof error.code === 'number' ? error.code : null) : 0, out, err }),
    );
    let seen = '';
    let sent = false;
    child.stderr?.on('data', (chunk) => {
      seen += chunk;
      if (signalAfter && !sent && signalAfter.test(seen)) {
        sent = true;
        child.kill('SIGINT');
      }
    });
    child.stdin?.end(input ?? '');
  });
}

describe('help and usage', () => {
  it.each([
    'init',
    'train',
    'resume',
    'evaluate',
    'predict',
    'export',
    'diagnose',
    'compare',
    'inspect',
    'data fetch',
    'data validate',
    'data describe',
    'demo',
  ])('%s --help is complete', async (name) => {
    const { code, out } = await taskloom([...name.split(' '), '--help']);
    expect(code).toBe(0);
    for (const part of ['USAGE', 'OPTIONS', '--json', 'EXAMPLES', 'EXIT CODES', `taskloom ${name}`]) expect(out).toContain(part);
  });

  it('compare --help says what the memory column holds', async () => {
    expect((await taskloom(['compare', '--help'])).out.replace(/\s+/g, ' ')).toContain(
      'the most that the whole process held while a method trained, with what earlier trainings left in it',
    );
  });

  it('answers mistakes with exit code 2 and the nearest word', async () => {
    expect(await taskloom(['trian'])).toMatchObject({ code: 2, err: expect.stringContaining("Did you mean 'train'?") });
    expect(await taskloom(['train', '--confg', 'x'])).toMatchObject({ code: 2, err: expect.stringContaining("Did you mean '--config'?") });
    expect(await taskloom([])).toMatchObject({ code: 2 });
    expect((await taskloom(['--version'])).out).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('tells a missing run, a missing config, a misspelt key with its place', async () => {
    expect(await taskloom(['predict', '--run', 'nowhere', 'x'])).toMatchObject({ code: 5 });
    expect(await taskloom(['train'])).toMatchObject({ code: 3 });
    await writeFile(
      join(folder, 'bad.yaml'),
      'tasks:\n  - name: topic\n    head: classification\n    data: { train: x.jsonl }\ntraining:\n  learningrate: 1\n',
    );
    const { code, err } = await taskloom(['train', '--config', 'bad.yaml']);
    expect(code).toBe(3);
    expect(err).toContain("bad.yaml:6:3 training.learningrate: Unknown key 'learningrate'. Did you mean 'learningRate'?");
    await writeFile(
      join(folder, 'bad.json'),
      '{\n  "tasks": [\n    { "name": "a", "head": "clasification", "data": { "train": "x" } }\n  ]\n}\n',
    );
    expect((await taskloom(['train', '--config', 'bad.json'])).err).toContain("bad.json:3:20 tasks[0].head: 'clasification' is none of");
    await writeFile(join(folder, 'missing.yaml'), 'tasks:\n  - { name: topic, head: classification, data: { train: nothing.jsonl } }\n');
    expect(await taskloom(['train', '--config', 'missing.yaml', '--run', 'runs/missing'])).toMatchObject({ code: 4 });
  });

  it('prints help without colour codes where stdout is no terminal', async () => {
    const child = await new Promise<string>((resolve) =>
      execFile(
        process.execPath,
        [cli, 'train', '--help'],
        { env: { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined } },
        (_, out) => resolve(out),
      ),
    );
    expect(child).toBe(stripVTControlCharacters(child));
  });
});

describe('exit code 4', () => {
  const config = 'tasks:\n  - { name: topic, head: classification, data: { train: FILE } }\n';
  it.each([
    ['bytes that are not UTF-8', 'latin1.csv', Buffer.from('text,label\ncaf\xe9,a\n', 'latin1')],
    ['gzip that is cut', 'cut.jsonl.gz', gzipSync(Buffer.from('{"text":"x","label":"a"}\n'.repeat(50))).subarray(0, 40)],
    ['a line that is not JSON', 'line.jsonl', Buffer.from('{"text":"x","label":"a"}\n{"text":\n')],
    ['a header with a column twice', 'twice.csv', Buffer.from('text,text\na,b\n')],
    ['no rows', 'empty.jsonl', Buffer.from('')],
    ['a label that is an object', 'label.jsonl', Buffer.from('{"text":"x","label":{"a":1}}\n')],
    ['a row without a text', 'text.jsonl', Buffer.from('{"label":"a"}\n')],
    ['a format that nobody knows', 'rows.xlsx', Buffer.from('x')],
  ])('%s', async (_, name, bytes) => {
    await writeFile(join(folder, name), bytes);
    await writeFile(join(folder, `${name}.yaml`), config.replace('FILE', name));
    const { code, err } = await taskloom(['train', '--config', `${name}.yaml`, '--run', `runs/${name}`]);
    expect([code, err]).toEqual([4, expect.stringContaining(name)]);
  });
});

describe('exitCodeOf', () => {
  it('knows every code that a user can meet', () => {
    const of = (code: string) => exitCodeOf(new TaskloomError(code, 'x'));
    expect(['usage', 'unknown_task', 'run_exists', 'store_in_use'].map(of)).toEqual([2, 2, 2, 2]);
    expect(['bad_config', 'bad_option', 'config_changed', 'unknown_metric'].map(of)).toEqual([3, 3, 3, 3]);
    expect(['bad_data', 'bad_input', 'file_missing', 'file_unreadable', 'tokenizer_invalid'].map(of)).toEqual([4, 4, 4, 4, 4]);
    expect(['not_found', 'run_corrupt', 'run_too_new', 'file_corrupt', 'format_version'].map(of)).toEqual([5, 5, 5, 5, 5]);
    expect([exitCodeOf(new Error('x')), exitCodeOf('x'), of('internal')]).toEqual([1, 1, 1]);
  });
});

describe('from init to predict', () => {
  it.each(['yaml', 'ts', 'json'])('init writes a %s config that is valid', async (format) => {
    expect(await taskloom(['init', format, '--format', format, '--yes', '--json'])).toMatchObject({ code: 0 });
    const { code, out } = await taskloom(['data', 'validate', '--config', `${format}/taskloom.config.${format}`, '--json']);
    const report = JSON.parse(out) as { valid: boolean; nearest: { [source: string]: number } };
    expect([code, report.valid]).toEqual([0, true]);
    expect(Object.values(report.nearest).every((similarity) => similarity < 0.6)).toBe(true);
  });

  it('trains, is interrupted, resumes, evaluates and inspects', async () => {
    const config = ['--config', 'json/taskloom.config.json'];
    const cut = await taskloom(['train', ...config, '--run', 'runs/a', '--steps', '110'], { signalAfter: /epoch 1 / });
    expect(cut.code).toBe(130);
    expect(cut.out).toMatch(/Go on with: .*(taskloom|taskloom\.js) resume --run runs\/a/);
    const resumed = await taskloom(['resume', '--run', 'runs/a', '--json']);
    expect(resumed.code).toBe(0);
    expect(JSON.parse(resumed.out)).toMatchObject({ step: 110, interrupted: false });
    expect(await taskloom(['train', ...config, '--run', 'runs/a'])).toMatchObject({ code: 2 });

    const evaluation = JSON.parse((await taskloom(['evaluate', '--run', 'runs/a', '--split', 'test', '--json'])).out) as {
      tasks: { topic: { rows: number } };
    };
    expect(evaluation.tasks.topic.rows).toBe(testRows);
    expect(JSON.parse((await taskloom(['inspect', '--run', 'runs/a', '--json'])).out)).toMatchObject({ complete: true });
  });

  it('diagnoses the tasks, stops and tells what it has seen', async () => {
    const config = ['--config', 'json/taskloom.config.json', '--steps', '12'];
    const { code, out } = await taskloom(['diagnose', ...config, '--looks', '3', '--repeats', '2', '--out', 'drawn/page.html', '--json']);
    expect(code).toBe(0);
    const { measurements, tasks, verdicts } = JSON.parse(out) as {
      measurements: number;
      tasks: { task: string }[];
      verdicts: { text: string }[];
    };
    expect([measurements, tasks.length]).toEqual([6, 5]);
    expect(verdicts[0]!.text.length).toBeGreaterThan(20);
    expect(await readFile(join(folder, 'drawn', 'page.html'), 'utf8')).toContain('<svg');
    expect(await taskloom(['diagnose', ...config, '--looks', '1', '--repeats', '1', '--out', 'drawn/map.svg'])).toMatchObject({ code: 0 });
    expect(await readFile(join(folder, 'drawn', 'map.svg'), 'utf8')).toMatch(/^<svg.*cosine of task gradients.*<\/svg>\s*$/s);
    const cut = await taskloom(
      ['diagnose', '--config', 'json/taskloom.config.json', '--steps', '400', '--looks', '400', '--repeats', '1'],
      {
        signalAfter: /epoch 1 /,
      },
    );
    expect(cut.code).toBe(130);
    expect(cut.out).toMatch(/cosine, without batch noise[\s\S]*Stopped after \d+ steps/);
    expect(await taskloom(['diagnose', ...config, '--out', 'drawn.png'])).toMatchObject({ code: 2 });
  });

  it('compares methods, is interrupted, goes on, and trains nothing twice', async () => {
    const args = [
      'compare',
      '--config',
      'json/taskloom.config.json',
      '--steps',
      '8',
      '--methods',
      'log',
      '--seeds',
      '2',
      '--grid',
      '1',
      '--run',
      'runs/c',
    ];
    const cut = await taskloom(args, { signalAfter: /2\/14 / });
    expect(cut.code).toBe(130);
    expect(cut.out).toContain('The same command goes on');
    const { code, out, err } = await taskloom([...args, '--json']);
    expect({ code, err }).toMatchObject({ code: 0 });
    const { summary, single, seeds } = JSON.parse(out) as { summary: { method: string }[]; single: object; seeds: number[] };
    expect(summary.map(({ method }) => method).sort()).toEqual(['log', 'sum']);
    expect([Object.keys(single).length, seeds.length]).toEqual([5, 2]);
    const again = await taskloom(args);
    expect(again.err).not.toContain('step');
    expect(again.out).toMatch(/beyond the noise of 2 seeds/);
    expect(await taskloom([...args.slice(0, 3), '--steps', '9', ...args.slice(5)])).toMatchObject({ code: 3 });
    expect(await taskloom(['compare', '--config', 'json/taskloom.config.json', '--methods', 'uncertainly'])).toMatchObject({ code: 2 });
  });

  it('predicts one text, a pair, lines, and the rows of a file', async () => {
    const one = await taskloom(['predict', '--run', 'runs/a', 'Where is my parcel?', '--json']);
    expect(Object.keys(JSON.parse(one.out))).toEqual(['topic', 'sentiment', 'urgency', 'entities']);
    const two = await taskloom(['predict', '--run', 'runs/a', 'Where is it?', '--and', 'It has not come', '--json']);
    expect(Object.keys(JSON.parse(two.out))).toEqual(['duplicate']);
    const typed = await taskloom(['predict', '--run', 'runs/a', '--interactive', '--json'], { input: 'one text\nanother one\n' });
    expect(typed.out.trim().split('\n')).toHaveLength(2);
    expect(await taskloom(['predict', '--run', 'runs/a', '--task', 'nothing', 'x'])).toMatchObject({ code: 2 });

    const texts = Array.from({ length: 150 }, (_, i) => `message ${i} about ${['a parcel', 'money back', 'my password'][i % 3]}`);
    await writeFile(join(folder, 'in.jsonl'), texts.map((text) => `${JSON.stringify({ text })}\n`).join(''));
    expect(await taskloom(['predict', '--run', 'runs/a', '--input', 'in.jsonl', '--output', 'out.jsonl', '--task', 'topic'])).toMatchObject(
      { code: 0 },
    );
    const lines = (await readFile(join(folder, 'out.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { topic: { label: string; probabilities: object } });
    expect(lines).toHaveLength(150);
    for (const i of [0, 64, 149]) {
      const alone = JSON.parse(
        (await taskloom(['predict', '--run', 'runs/a', '--task', 'topic', '--json', texts[i]!])).out,
      ) as (typeof lines)[number];
      expect(lines[i]!.topic.label).toBe(alone.topic.label);
    }
    await writeFile(join(folder, 'bad.jsonl'), '{"text":"fine"}\n{"other":1}\n');
    const bad = await taskloom(['predict', '--run', 'runs/a', '--input', 'bad.jsonl', '--output', 'bad-out.jsonl']);
    expect(bad.code).toBe(4);
    expect(bad.err).toContain('line 2');
    expect(existsSync(join(folder, 'bad-out.jsonl'))).toBe(false);
    expect(await taskloom(['predict', '--run', 'runs/a', '--input', 'in.jsonl', '--output', 'no/such/folder.jsonl'])).toMatchObject({
      code: 1,
    });
  });

  it('tells a damaged run', async () => {
    // A description that is not JSON, parameters that are cut, a file where a folder should be.
    for (const [name, file] of [
      ['b', 'config.json'],
      ['c', '.safetensors'],
    ] as const) {
      await cp(join(folder, 'runs/a'), join(folder, 'runs', name), { recursive: true });
      const files = (await readdir(join(folder, 'runs', name), { recursive: true })).filter((path) => path.endsWith(file));
      expect(files.length).toBeGreaterThan(0);
      for (const path of files) await truncate(join(folder, 'runs', name, path), 20);
      expect(await taskloom(['predict', '--run', `runs/${name}`, 'x'])).toMatchObject({ code: 5 });
    }
    expect(await taskloom(['predict', '--run', 'in.jsonl', 'x'])).toMatchObject({ code: 5 });
  });

  it('says how many rows are longer than maxTokens', async () => {
    const file = JSON.parse(await readFile(join(folder, 'json/taskloom.config.json'), 'utf8')) as { features: object };
    await writeFile(join(folder, 'json/short.json'), JSON.stringify({ ...file, features: { ...file.features, maxTokens: 8 } }));
    const { code, out } = await taskloom(['data', 'validate', '--config', 'json/short.json']);
    expect(code).toBe(0);
    const note = 'rows have a text of more than 8 tokens \\(features\\.maxTokens\\); what comes after is left out, tags included\\.';
    expect(out).toMatch(new RegExp(`test: \\d+ of ${testRows} ${note}`));
    expect(await taskloom(['train', '--config', 'json/short.json', '--run', 'runs/short', '--steps', '2'])).toMatchObject({ code: 0 });
    const evaluation = JSON.parse((await taskloom(['evaluate', '--run', 'runs/short', '--split', 'test', '--json'])).out) as {
      truncated: number;
    };
    expect(evaluation.truncated).toBeGreaterThan(100);
  });
});
