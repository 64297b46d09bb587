// The packages as a stranger gets them: published to a local registry, installed by npm into empty projects, used from ESM, from CommonJS and through Vite.
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { app, libraries, manifestOf, root } from './packages';

const pinned = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as {
  packageManager: string;
  devDependencies: Record<string, string>;
};
const versions: Record<string, string> = {
  ...pinned.devDependencies,
  'onnxruntime-node': String(manifestOf('packages/onnx').devDependencies?.['onnxruntime-node']),
};
const folder = mkdtempSync(join(tmpdir(), 'taskloom-packed-'));
let registry: ChildProcess;
let url: string;

beforeAll(async () => {
  for (const { folder: place, manifest } of [...libraries, app])
    if (!existsSync(`${root}/${place}/dist`)) throw new Error(`${manifest.name} is not built: run 'npm test', which builds first.`);
  const setting = (name: string) => execute('npm', ['config', 'get', name], folder).trim();
  const authorities = setting('cafile');
  registry = fork(`${root}/scripts/test/registry.mjs`, [join(folder, 'registry'), setting('registry')], {
    execArgv: [],
    env: { ...process.env, ...(authorities === 'null' ? {} : { NODE_EXTRA_CA_CERTS: authorities }) },
  });
  url = String((await once(registry, 'message'))[0]);
  const packed = [...libraries, app].flatMap(({ folder: place }) => ['--filter', `./${place}`]);
  execute('npx', ['-y', pinned.packageManager, ...packed, 'pack', '--pack-destination', folder], root);
  writeFileSync(join(folder, '.npmrc'), `${url.slice('http:'.length)}:_authToken=none\n`);
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.tgz')))
    execute('npm', ['publish', file, '--registry', url, '--provenance=false', '--loglevel=error'], folder);
});
afterAll(() => {
  registry.disconnect();
  rmSync(folder, { recursive: true, force: true });
});

function execute(command: string, args: readonly string[], cwd: string): string {
  const result = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    timeout: 240_000,
    env: { ...process.env, NODE_OPTIONS: '', VITEST: undefined },
  });
  if (result.status !== 0)
    throw new Error(`'${command} ${args.join(' ')}' ended with ${result.status ?? result.signal}:\n${result.stdout}\n${result.stderr}`);
  return result.stdout;
}

/** An empty project that has installed packages of ours and of others from the registry, and nothing else. */
function project(
  name: string,
  type: 'module' | 'commonjs',
  ours: readonly string[],
  others: readonly string[],
  more: readonly string[] = [],
): string {
  const place = join(folder, name);
  mkdirSync(place);
  writeFileSync(join(place, 'package.json'), JSON.stringify({ name, version: '1.0.0', private: true, type }));
  const wanted = [...ours, ...others.map((other) => (other.lastIndexOf('@') > 0 ? other : `${other}@${versions[other] ?? 'latest'}`))];
  execute(
    'npm',
    [
      'install',
      ...wanted,
      '--registry',
      url,
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--prefer-offline',
      '--loglevel=error',
      ...more,
    ],
    place,
  );
  return place;
}

function manifestVersion(place: string, name: string): string {
  return (JSON.parse(readFileSync(join(place, 'node_modules', name, 'package.json'), 'utf8')) as { version: string }).version;
}

/** The first code block of a README, as JavaScript. */
function firstExample(readme: string): string {
  const code = /```(?:ts|js|typescript|javascript)\n([\s\S]*?)```/.exec(readme)?.[1];
  if (!code) throw new Error('The README has no example.');
  return transpileModule(code, { compilerOptions: { module: ModuleKind.ESNext, target: ScriptTarget.ES2022 } }).outputText;
}

const backend = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu'];
const names = libraries.map(({ manifest }) => manifest.name);

describe('one package alone', () => {
  it('@taskloom/mtl-loss and tfjs-core with the cpu backend: its README example trains', () => {
    const place = project('alone', 'module', ['@taskloom/mtl-loss'], backend);
    expect(readdirSync(join(place, 'node_modules', '@taskloom')).sort()).toEqual(['core', 'mtl-loss']);
    expect(readdirSync(join(place, 'node_modules', '@tensorflow')).sort()).toEqual(['tfjs-backend-cpu', 'tfjs-core']);
    writeFileSync(join(place, 'example.mjs'), firstExample(readFileSync(`${root}/packages/mtl-loss/README.md`, 'utf8')));
    expect(execute('node', ['example.mjs'], place).trim()).not.toBe('');
  });
});

describe('all packages in an ESM project', () => {
  let place: string;
  beforeAll(() => {
    place = project('esm', 'module', names, [...backend, '@tensorflow/tfjs-layers', 'onnxruntime-node']);
  });

  it.each(libraries)('the README example of $manifest.name runs', ({ folder: own, manifest }) => {
    const file = `${manifest.name.split('/')[1]}.mjs`;
    writeFileSync(join(place, file), firstExample(readFileSync(`${root}/${own}/README.md`, 'utf8')));
    expect(execute('node', [file], place).trim()).not.toBe('');
  });

  it.each(libraries)('every entry of $manifest.name is importable and not empty', ({ manifest }) => {
    for (const entry of Object.keys(manifest.exports).filter((key) => key !== './package.json')) {
      const specifier = join(manifest.name, entry).replaceAll('\\', '/');
      const count = execute(
        'node',
        ['--input-type=module', '-e', `import * as entry from '${specifier}'; console.log(Object.keys(entry).length);`],
        place,
      );
      expect(Number(count), specifier).toBeGreaterThan(0);
    }
  });
});

/** What tfjs releases next. Semantic versioning keeps candidates out of the peers' range, so that npm has to be told. */
const candidate = '4.23.0-rc.0';

describe(`TensorFlow.js ${candidate}`, () => {
  it('traces, compiles and trains as the release does', () => {
    const place = project(
      'candidate',
      'module',
      ['@taskloom/core', '@taskloom/onnx'],
      [...backend.map((name) => `${name}@${candidate}`), 'onnxruntime-node'],
      ['--legacy-peer-deps'],
    );
    expect(manifestVersion(place, '@tensorflow/tfjs-core')).toBe(candidate);
    writeFileSync(
      join(place, 'main.mjs'),
      `import '@tensorflow/tfjs-backend-cpu';
       import { eager, random, run, valueAndGradients, hostArray } from '@taskloom/core';
       import { dense, layerNorm, sequential } from '@taskloom/core/modules';
       import { adam, applyUpdates } from '@taskloom/core/optimizers';
       import { ort } from '@taskloom/onnx';
       import * as tf from '@tensorflow/tfjs-core';
       await tf.setBackend('cpu');
       const model = sequential([dense({ inputs: 4, units: 8 }), layerNorm({ width: 8 }), dense({ inputs: 8, units: 2 })]);
       const optimizer = adam();
       const initial = () => {
         const params = model.init(random('candidate'));
         return { params, moments: optimizer.init(params) };
       };
       const step = ({ params, moments }, { x, y, at }) => {
         const loss = (p) => tf.mean(tf.square(tf.sub(run(model, p, x, { training: true, random: random(7) }).output, y)));
         const { value, gradients } = valueAndGradients(loss, params);
         const { updates, state } = optimizer.update(gradients, moments, params, { step: at, learningRate: tf.scalar(0.01) });
         return { state: { params: applyUpdates(params, updates), moments: state }, outputs: { value } };
       };
       const draw = (shape, k) => hostArray(Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => Math.sin(i * k)), shape);
       const losses = async (executor) => {
         const train = await executor.compile(step, { state: initial() });
         const seen = [];
         for (let i = 0; i < 20; i++)
           seen.push((await train({ x: draw([16, 4], 1.7), y: draw([16, 2], 0.9), at: hostArray(Float32Array.of(i), []) })).value.data[0]);
         train.dispose();
         return seen;
       };
       console.log(tf.version_core, JSON.stringify([await losses(eager()), await losses(ort())]));`,
    );
    const [version, both] = execute('node', ['main.mjs'], place).trim().split('\n').at(-1)!.split(' ');
    const [wanted, got] = JSON.parse(both!) as [number[], number[]];
    expect(version).toBe(candidate);
    expect(wanted.at(-1)).toBeLessThan(0.9 * wanted[0]!);
    for (const [i, loss] of wanted.entries()) expect(got[i]! / loss).toBeCloseTo(1, 4);
  });
});

describe('all packages in a CommonJS project', () => {
  it('every entry can be required, and a gradient comes out', () => {
    const place = project('cjs', 'commonjs', names, [...backend, '@tensorflow/tfjs-layers']);
    const entries = libraries.flatMap(({ manifest }) =>
      Object.keys(manifest.exports)
        .filter((key) => key !== './package.json')
        .map((key) => join(manifest.name, key)),
    );
    writeFileSync(
      join(place, 'main.js'),
      `require('@tensorflow/tfjs-backend-cpu');
       const tf = require('@tensorflow/tfjs-core');
       for (const entry of ${JSON.stringify(entries)}) if (Object.keys(require(entry)).length === 0) throw new Error(entry + ' is empty');
       const { valueAndGradients } = require('@taskloom/core');
       const { gradients } = valueAndGradients((p) => tf.sum(tf.square(p.x)), { x: tf.tensor1d([1, 2]) });
       console.log(JSON.stringify(Array.from(gradients.x.dataSync())));`,
    );
    expect(execute('node', ['main.js'], place).trim()).toBe('[2,4]');
  });
});

describe('all packages through Vite', () => {
  it('bundle for a browser, without Node built-ins', async () => {
    const place = project('vite', 'module', names, [...backend, '@tensorflow/tfjs-layers']);
    const entries = libraries.flatMap(({ manifest }) =>
      Object.keys(manifest.exports)
        .filter((key) => key !== './package.json' && key !== './node')
        .map((key) => join(manifest.name, key)),
    );
    writeFileSync(join(place, 'index.html'), '<!doctype html><script type="module" src="/main.js"></script>');
    writeFileSync(
      join(place, 'main.js'),
      `${entries.map((entry, i) => `import * as entry${i} from '${entry}';`).join('\n')}\nglobalThis.taskloom = [${entries.map((_, i) => `entry${i}`).join(', ')}];\n`,
    );
    const warnings: string[] = [];
    const logger = {
      info() {},
      warn: (text: string) => void warnings.push(text),
      warnOnce: (text: string) => void warnings.push(text),
      error: (text: string) => void warnings.push(text),
      clearScreen() {},
      hasErrorLogged: () => false,
      hasWarned: false,
    };
    await build({ root: place, configFile: false, customLogger: logger, build: { minify: false, chunkSizeWarningLimit: 100_000 } });
    expect(warnings.filter((text) => /externalized for browser/i.test(text))).toEqual([]);
    const output = readdirSync(join(place, 'dist', 'assets')).map((file) => readFileSync(join(place, 'dist', 'assets', file), 'utf8'));
    const imported = output.flatMap((code) =>
      [...code.matchAll(/(?:from|import|require)\s*\(?\s*["']([a-z:_/]+)["']/g)].map((match) => match[1]!),
    );
    expect(imported.filter((name) => isBuiltin(name))).toEqual([]);
  });
});

describe('the app', () => {
  it('installs, and its command answers', () => {
    const place = project('app', 'module', ['taskloom'], []);
    expect(execute('npx', ['--no-install', 'taskloom', '--help'], place)).toMatch(/train/);
    expect(execute('npx', ['--no-install', 'taskloom', '--version'], place)).toContain(manifestOf('apps/reference').version);
  });
});
