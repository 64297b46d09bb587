// What balancers cost on the host: weights from Gramians of 8 and 64 tasks, every method of the registry.
// Run: node examples/run.mjs ../bench/balancers.ts [--save]; two minutes.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { Balancer } from '@taskloom/core';
import { hostRandom } from '@taskloom/core';
import { balancingContext } from '@taskloom/mtl-loss';
import { methods } from '@taskloom/mtl-loss/methods';

const sizes = [8, 64] as const;
/** Milliseconds; the second of those named only. */
const bars: { readonly [size: number]: { readonly [name: string]: number } } = {
  8: {},
  64: { mgda: 10, cagrad: 10, upgrad: 60, nashMtl: 20 },
};
const barAt = (size: number, name: string) => bars[size]![name] ?? (size === 8 ? 1 : undefined);

/** Gradients with a common part, without, of low rank, and with scales three orders apart. */
const kinds = ['agreeing', 'random', 'low rank', 'scales'] as const;

function gramianOf(kind: (typeof kinds)[number], tasks: number, seed: number, rows: number): Float64Array {
  const random = hostRandom(seed).fold(kind);
  const width = kind === 'low rank' ? Math.ceil(tasks / 3) : 4 * tasks;
  const values = random.normal(rows * width);
  const scales = random.fold('scales').uniform(rows);
  const at = (i: number, k: number) =>
    (values[i * width + k]! + (kind === 'agreeing' ? 0.3 : 0)) * (kind === 'scales' ? 10 ** (3 * scales[i]! - 1.5) : 1);
  const gramian = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j <= i; j++) {
      let product = 0;
      for (let k = 0; k < width; k++) product += at(i, k) * at(j, k);
      gramian[i * rows + j] = gramian[j * rows + i] = product;
    }
  return gramian;
}

/** One call's weights: of a method on the host that has any. */
function weigher(balancer: Balancer, tasks: number): ((gramian: Float64Array, step: number) => void) | undefined {
  if (balancer.kind === 'scalarization') return undefined;
  const names = Array.from({ length: tasks }, (_, i) => String(i));
  let state = balancer.init(names);
  return (gramian, step) => {
    const context = balancingContext({ tasks: names, step, losses: names.map((_, i) => 1 + i / tasks) });
    state = balancer.weigh(balancer.kind === 'loss-weighting' ? context.losses : gramian, state, context).state;
  };
}

/** Rows of which a method sees the Gramian: of several batches, and of its memory. */
function rowsOf(balancer: Balancer, tasks: number): number {
  if (balancer.kind !== 'jacobian-method') return tasks;
  return tasks * (balancer.batches ?? 1) + (balancer.memory?.(tasks) ?? 0) + (balancer.derived?.count(tasks) ?? 0);
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

interface Measured {
  readonly name: string;
  readonly family: string;
  /** By size: median of all, and the greatest median of a kind of Gramian. */
  readonly times: (readonly [number, number] | undefined)[];
}

const measured: Measured[] = methods.map(({ name, family, create }) => {
  const times = sizes.map((tasks) => {
    const balancer = create(name === 'fixed' ? { weights: new Array(tasks).fill(1) } : {});
    const weigh = weigher(balancer, tasks);
    if (!weigh) return undefined;
    const medians = kinds.map((kind) => {
      const gramians = Array.from({ length: 8 }, (_, seed) => gramianOf(kind, tasks, seed, rowsOf(balancer, tasks)));
      const run = (steps: number) => {
        const before = process.cpuUsage();
        for (let step = 0; step < steps; step++) weigh(gramians[step % gramians.length]!, step);
        const { user, system } = process.cpuUsage(before);
        return (user + system) / 1000 / steps;
      };
      // The first calls are compiled as they run; then five rounds of 40 ms or more each.
      const first = Math.max(run(40), 1e-3);
      const steps = Math.max(8, Math.ceil(40 / first));
      return median(Array.from({ length: 5 }, () => run(steps)));
    });
    return [median(medians), Math.max(...medians)] as const;
  });
  return { name, family, times };
});

const shown = (value: number) => (value < 0.01 ? '< 0.01' : value.toFixed(value < 1 ? 2 : 1));
const lines = measured
  .filter(({ times }) => times.some(Boolean))
  .map(({ name, family, times }) => {
    const cells = sizes.flatMap((size, at) => {
      const time = times[at];
      const bar = barAt(size, name);
      return time
        ? [shown(time[0]), shown(time[1]), bar === undefined ? '–' : `${bar} ${time[1] <= bar ? 'met' : 'missed'}`]
        : ['–', '–', '–'];
    });
    return `| ${name} | ${family} | ${cells.join(' | ')} |`;
  });
const text = `# Weights on the host

\`node examples/run.mjs ../bench/balancers.ts --save\`: milliseconds of processor time (all threads, so that what else the machine does hardly matters) to compute the weights of one step from a Gramian of T tasks (for methods that see several batches or keep rows, the Gramian of all of those), default options. Medians of five rounds over 8 Gramians each of four
kinds (${kinds.join(', ')}): the median kind, and the slowest, which the bar is held against. ${cpus()[0]!.model}, ${cpus().length} cores, Node ${process.version}. Scalarizations compute nothing on the host.

| method | family | T = 8 | slowest kind | bar, ms | T = 64 | slowest kind | bar, ms |
|---|---|---:|---:|---|---:|---:|---|
${lines.join('\n')}
`;
console.log(text);
if (process.argv.includes('--save')) writeFileSync(new URL('results/balancers.md', import.meta.url), text);
