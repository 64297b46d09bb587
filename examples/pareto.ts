/**
 * Problems with known Pareto fronts: which balancers reach the front, where on it they end, and which get stuck. The landscape of the CAGrad paper from its three starts (Adam,
 * learning rate 1e-3), the concave front of Fonseca & Fleming, ZDT1, and two convex quadratics of different scale (plain descent from 8 random starts each).
 *
 * "off" may mean "not yet": on the landscape UPGrad crosses the valleys slowly, since one gradient is there up to 100 times as long as the other, and `regEps` (by default 1e-4 of the
 * Gramian's trace) takes from the short one's projection. It is on the front after 200,000 steps (on the way from two starts after 100,000); with `regEps: 0` (which for two tasks is
 * PCGrad's mean) soon after 50,000. The closed form of two tasks, computed apart from this library, goes the same ways, and the sooner the smaller regEps is.
 *
 *   node examples/run.mjs pareto.ts [--smoke] [--out pareto.svg] [--steps 50000] [--descent 5000]
 *
 * `--steps` of Adam on the landscape, `--descent` on the other fronts. What came of it: bench/results/pareto.md.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type GradientBalancer, hostRandom, type LossWeighting } from '@taskloom/core';
import { alignedMtl, cagrad, famo, imtlG, mean, mgda, nashMtl, pcgrad, upgrad } from '@taskloom/mtl-loss';
import { descend } from './pareto/descend';
import { frontPanel, landscapePanel, sheet } from './pareto/draw';
import { distanceToFront, fonseca, landscape, landscapeStarts, type Problem, quadratics, zdt1 } from './pareto/problems';

const { values: flags } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    out: { type: 'string' },
    steps: { type: 'string', default: '50000' },
    descent: { type: 'string', default: '5000' },
  },
});
// biome-ignore lint/suspicious/noExplicitAny: states differ, and only their own method reads them.
type Method = GradientBalancer<any> | LossWeighting<any>;
const methods: { readonly [name: string]: (problem: Problem) => Method } = {
  mean: () => mean(),
  mgda: () => mgda(),
  pcgrad: () => pcgrad({ reduction: 'mean' }),
  'cagrad 0.5': () => cagrad({ c: 0.5 }),
  upgrad: () => upgrad(),
  'upgrad exact': () => upgrad({ regEps: 0 }),
  nashMtl: () => nashMtl(),
  imtlG: () => imtlG(),
  alignedMtl: () => alignedMtl(),
  // 0 is what FAMO's authors take for their toy.
  'famo γ 0': ({ least = 0 }) => famo({ gamma: 0, minLosses: [least, least] }),
  'famo γ 1e-3': ({ least = 0 }) => famo({ minLosses: [least, least] }),
};
/** On the front, as the eye sees it. */
const near = 0.03;

const steps = flags.smoke ? 600 : Number(flags.steps);
const descent = flags.smoke ? 100 : Number(flags.descent);
console.log(
  `The landscape: Adam, rate 0.001, ${steps} steps; where each start ends, as (x₁, x₂), and how far from the front (of its extent)\n`,
);
const panels = Object.entries(methods).map(([name, make], at) => {
  const ways = landscapeStarts.map((start) => {
    const points = descend(landscape, start, make(landscape), { steps, rate: 0.001, points: 200 });
    const distance = distanceToFront(landscape, landscape.losses(points.at(-1)!));
    return { points, distance, reached: distance < near };
  });
  const cells = ways.map(
    ({ points, distance, reached }) =>
      `(${points
        .at(-1)!
        .map((value) => value.toFixed(1).padStart(5))
        .join(', ')}) ${reached ? 'front' : `off, ${distance.toFixed(2)}`}`,
  );
  console.log((name.padEnd(14) + cells.map((cell) => cell.padEnd(28)).join('')).trimEnd());
  return landscapePanel(
    `${name}: ${ways.filter(({ reached }) => reached).length} of 3`,
    landscape,
    ways,
    { x: [-10, 10], y: [-10, 10] },
    at === 0,
  );
});

const others: readonly { readonly problem: Problem; readonly size: number; readonly rate: number; readonly scale: number }[] = [
  { problem: fonseca(), size: 3, rate: 0.05, scale: 0.7 },
  { problem: zdt1(), size: 10, rate: 0.002, scale: 1 },
  { problem: quadratics(), size: 2, rate: 0.005, scale: 3 },
];
for (const { problem, size, rate, scale } of others) {
  console.log(
    `\n${problem.name}: descent, rate ${rate}, ${descent} steps, 8 starts; how many reach the front, and from where to where they end on it (loss 1)\n`,
  );
  const ends = Object.fromEntries(
    Object.entries(methods).map(([name, make]) => {
      const found = Array.from({ length: 8 }, (_, i) => {
        const u = hostRandom('start').fold(problem.name).fold(i).uniform(size);
        const start = Array.from(u, (value) => (problem.project ? value : scale * (2 * value - 1)));
        return descend(problem, start, make(problem), { steps: descent, rate, adam: false, points: 1 }).at(-1)!;
      });
      const first = found.map((x) => problem.losses(x)[0]);
      const reached = found.filter((x) => distanceToFront(problem, problem.losses(x)) < near).length;
      console.log(`${name.padEnd(14)}${reached} of 8   ${Math.min(...first).toFixed(3)} … ${Math.max(...first).toFixed(3)}`);
      return [name, found];
    }),
  );
  panels.push(frontPanel(problem.name, problem, ends));
}

if (flags.out !== undefined) {
  writeFileSync(flags.out, sheet(panels, 4));
  console.log(`\nDrawn in ${flags.out}.`);
}
