// A stored run as a stranger may hand it over: a small good one, damage to it, and reading it as a folder with something beside it that must stay as it is.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { eager, memoryStore } from '@taskloom/core';
import { hostRandom } from '@taskloom/core/host';
import { folderStore } from '@taskloom/core/node';
import { memoryData, train } from '@taskloom/pipeline';
import { setBackend } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { mutate, mutateJson, values } from './mutate.mjs';

const manifest = '.manifest.json';

export const data = memoryData({
  rows: Array.from({ length: 16 }, (_, i) => ({
    text: i % 2 ? `my order ${i} is late` : `thank you ${i} times`,
    label: i % 2 ? 'delivery' : 'praise',
    tokens: ['in', 'Rome', `${i}`],
    tags: ['O', 'B-place', 'O'],
  })),
});

/** Path → bytes of a run of six steps with its checkpoints. */
export async function smallRun() {
  await setBackend('cpu');
  const store = memoryStore();
  const config = {
    features: { kind: 'hashed', buckets: 64, characters: [3, 3], perToken: 3, maxTokens: 8 },
    trunk: { kind: 'textCNN', width: 4, widths: [2], filters: 2 },
    tasks: [
      { name: 'topic', head: 'classification', data: { train: 'rows' } },
      { name: 'places', head: 'tagging', data: { train: 'rows' } },
    ],
    training: { steps: 6, batchSize: 4, checkpointEvery: 2, balancer: 'dynamicWeightAverage' },
  };
  // Interrupted after the fourth step, so that there is something to go on with.
  const stop = new AbortController();
  await train(config, {
    store,
    data,
    executor: eager(),
    signal: stop.signal,
    onProgress: (event) => event.kind === 'step' && event.step === 4 && stop.abort(),
  });
  const files = new Map();
  for (const bundle of await store.list())
    for (const [name, bytes] of Object.entries(await store.read(bundle))) files.set(`${bundle}/${name}`, bytes);
  return signed(files);
}

/** With the manifests that belong to the files: a stranger can compute them too. */
export function signed(files) {
  const bundles = new Map();
  for (const [path, bytes] of files) {
    const [bundle, name] = path.split('/');
    if (name === manifest) continue;
    if (!bundles.has(bundle)) bundles.set(bundle, {});
    bundles.get(bundle)[name] = { size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  }
  for (const [bundle, own] of bundles)
    files.set(`${bundle}/${manifest}`, new TextEncoder().encode(JSON.stringify({ formatVersion: 1, files: own })));
  return files;
}

/** Odd things in place of the file at `path`; each returns what to do in the folder after it was written. */
const oddities = [
  (path) => (folder) => rmSync(join(folder, path)),
  (path) => (folder) => replace(join(folder, path), (place) => symlinkSync('../../beside/canary', place)),
  (path) => (folder) => replace(join(folder, path), (place) => symlinkSync('/dev/zero', place)),
  (path) => (folder) => replace(join(folder, path), (place) => mkdirSync(place)),
  (path) => (folder) => truncateSync(join(folder, path), 2 ** 40),
  (path) => (folder) => replace(join(folder, dirname(path)), (place) => symlinkSync('../beside', place)),
];

function replace(place, by) {
  rmSync(place, { recursive: true });
  by(place);
}

export function mutateRun(files, number) {
  const random = hostRandom(`run ${number}`).uniform(4);
  const paths = [...files.keys()];
  const path = paths[Math.floor(random[0] * paths.length)];
  if (random[1] < 0.1) return { files, after: oddities[Math.floor(random[2] * oddities.length)](path) };
  const changed = new Map(files);
  changed.set(path, path.endsWith('.json') && random[2] < 0.6 ? mutateJson(files.get(path), number) : mutate(files.get(path), number));
  return { files: random[3] < 0.8 ? signed(changed) : changed };
}

const floats = (...elements) => ({ $: 'float64', values: elements });

/** What else can stand in a balancer's state: numbers that JSON lacks, arrays of other types and lengths. */
const stateValues = [
  ...values,
  ...['NaN', 'Infinity', '-Infinity', '-0', '1', ''].map((value) => ({ $: 'number', value })),
  ...[floats(), floats(1), floats(1, 2), floats(1, 2, 3), floats(-1, 1e308), floats('1', null), floats(...new Array(100_000).fill(0))],
  ...['float32', 'int32', 'uint8'].map((kind) => ({ $: kind, values: [1, 2] })),
  ...[{ length: 1e9 }, 'xy', [[1], [2]]].map((values) => ({ $: 'float64', values })),
  ...[[['__proto__', 1]], [[1, 2]], 'ab'].map((value) => ({ $: 'object', value })),
  { $: 'undefined' },
  { $: '__proto__' },
];

/** Half of them as `mutateRun`; in the others the balancer's state is not what a training has left, in all checkpoints, so that no older one can be taken. */
export function mutateCheckpoint(files, number) {
  if (number % 2 === 0) return mutateRun(files, -1 - number);
  const changed = new Map(files);
  const part = ({ progress }) => progress.balancing;
  for (const [path, bytes] of files)
    if (path.endsWith('/progress.json')) changed.set(path, mutateJson(bytes, `balancer ${number}`, { part, pool: stateValues }));
  return { files: signed(changed) };
}

/** Writes the run to a folder of its own and reads it with `use`; throws where anything beside it has changed. */
export async function readRunFolder({ files, after }, use) {
  const place = mkdtempSync(join(tmpdir(), 'taskloom-run-'));
  const folder = join(place, 'run');
  const canary = join(place, 'beside', 'canary');
  try {
    mkdirSync(dirname(canary));
    writeFileSync(canary, 'sings');
    for (const [path, bytes] of files) {
      mkdirSync(join(folder, dirname(path)), { recursive: true });
      writeFileSync(join(folder, path), bytes);
    }
    after?.(folder);
    try {
      return await use(folderStore(folder));
    } finally {
      const beside = readdirSync(place, { recursive: true }).filter((path) => !path.startsWith('run'));
      if (beside.sort().join() !== 'beside,beside/canary' || readFileSync(canary, 'utf8') !== 'sings')
        // biome-ignore lint/correctness/noUnsafeFinally: nothing is worse than this
        throw new Error(`something was written outside the run folder: ${beside}`);
    }
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
