// What balancing costs: compiled steps of one transformer with seven tasks, each beside the summed loss of the same model, and beside PyTorch with a backward pass a task.
// Run: node examples/run.mjs ../bench/balancing.ts [--alone] [--rounds=11] [--peaks] [--tasks=7] [--width=256] [--rows=14], or the peak memory of one process: … [--tasks=7] [--width=256] [--rows=14] --memory <way>
import '@tensorflow/tfjs-backend-cpu';
import { spawnSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { ort } from '@taskloom/onnx';
import { median } from './peers/rounds';
import { torchPeer } from './peers/torch';
import { batch, flag, ways } from './works/balancing';

const rows = flag('rows', 14);
type Way = keyof typeof ways;

/** Runs a step; what it needs of the machine, all threads together, and the time on the clock, in milliseconds. */
interface Contender {
  readonly name: string;
  step(): Promise<{ readonly processor: number; readonly clock: number }>;
}

async function ours(way: Way, disjoint = false): Promise<Contender> {
  const { step, init, after } = ways[way](rows);
  const compiled = await ort().compile(step, { state: init() });
  let number = 0;
  return {
    name: disjoint ? `${way}, each task on its own rows` : way,
    async step() {
      const inputs = batch(rows, number++, disjoint);
      const [began, used] = [performance.now(), process.cpuUsage()];
      const outputs = await compiled(inputs as never);
      after?.(outputs as never);
      const { user, system } = process.cpuUsage(used);
      return { processor: (user + system) / 1000, clock: performance.now() - began };
    },
  };
}

if (process.argv.includes('--memory')) {
  // The peak of one way in a process of its own.
  const contender = await ours(process.argv.at(-1) as Way);
  for (let i = 0; i < 3; i++) await contender.step();
  console.log(Math.round(process.resourceUsage().maxRSS / 1024));
  process.exit(0);
}

/** Asked for before this process grows: a child begins with the peak of its parent. */
const sizes = process.argv.filter((word) => /^--(tasks|width|rows)=/.test(word));
const run = fileURLToPath(new URL('../examples/run.mjs', import.meta.url));
const memory = (name: string) =>
  spawnSync(process.execPath, [run, '../bench/balancing.ts', ...sizes, '--memory', name])
    .stdout.toString()
    .trim();

const peaks = new Map(process.argv.includes('--peaks') ? Object.keys(ways).map((name) => [name, memory(name)]) : []);

console.log(
  `${cpus()[0]!.model}, ${cpus().length} cores, Node ${process.version}, load ${loadavg()[0]!.toFixed(1)}; ${rows} rows of 64 tokens\n`,
);
const contenders = [
  ...(await Promise.all((Object.keys(ways) as Way[]).map((way) => ours(way)))),
  await ours('sum', true),
  await ours('mgda, rows kept', true),
];
const peers = process.argv.includes('--alone') ? [] : [await torchPeer('balancing-rows')];
for (const peer of peers)
  if (peer)
    contenders.push({
      name: `PyTorch ${peer.version}, a backward pass a task`,
      async step() {
        const [clock] = await peer.round(1);
        return { processor: peer.processor, clock: clock! };
      },
    });

const times = contenders.map(() => [] as { processor: number; clock: number }[]);
for (const contender of contenders) await contender.step();
const rounds = Number(process.argv.find((word) => word.startsWith('--rounds='))?.slice(9) ?? 11);
for (let round = 0; round < rounds; round++) for (const [i, contender] of contenders.entries()) times[i]!.push(await contender.step());
const of = (i: number, what: 'processor' | 'clock') => median(times[i]!.map((one) => one[what]));
console.log('| way | processor time, ms | to its sum | clock, ms | to its sum | peak memory, MB |');
console.log('|---|---:|---:|---:|---:|---:|');
for (const [i, { name }] of contenders.entries()) {
  const base = contenders.findIndex((one) => one.name === (name.endsWith('own rows') ? 'sum, each task on its own rows' : 'sum'));
  const cells = (['processor', 'clock'] as const).flatMap((what) => [of(i, what).toFixed(0), (of(i, what) / of(base, what)).toFixed(2)]);
  console.log(`| ${[name, ...cells, peaks.get(name) ?? ''].join(' | ')} |`);
}
for (const peer of peers) peer?.stop();
process.exit(0);
