// The quadratic programs of balancers: how far from optimal in 10,000 random, degenerate and badly scaled problems, and beside quadprog.
// Run: [TASKLOOM_QUADPROG=<folder of the npm package quadprog 1.6.1>] node examples/run.mjs ../bench/solvers.ts [number of problems]; 10,000 take 2 minutes.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { hostRowsOf } from '@taskloom/core';
import { projector } from '../packages/mtl-loss/src/cone-projection';
import { minNormPoint } from '../packages/mtl-loss/src/min-norm-point';
import { coneResidual, type Problem, problem, simplexResidual } from '../packages/mtl-loss/test/quadratic-problems';

interface Answer {
  readonly solution: number[];
  readonly message: string;
}
type Quadprog = (D: number[][], d: number[], A: number[][], b: number[], equalities: number) => Answer;

const path = process.env.TASKLOOM_QUADPROG;
const quadprog = path ? (createRequire(import.meta.url)(resolve(path)) as { solveQP: Quadprog }).solveQP : undefined;
const total = Number(process.argv[2] ?? 10_000);

interface Row {
  problems: number;
  simplex: number;
  cone: number;
  slowest: number;
  compared: [number, number];
  worse: [number, number];
  better: [number, number];
}
const rows = new Map<string, Row>();
let above = 0;

for (let index = 0; index < total; index++) {
  const one = problem(index);
  const key = one.count > 200 ? 'T = 512' : one.kind;
  const row = rows.get(key) ?? { problems: 0, simplex: 0, cone: 0, slowest: 0, compared: [0, 0], worse: [0, 0], better: [0, 0] };
  rows.set(key, row);
  const gramian = hostRowsOf(one.gramian, one.count);
  const start = performance.now();
  const w = minNormPoint(gramian);
  const middle = performance.now();
  const v = projector(gramian)(one.u);
  row.slowest = Math.max(row.slowest, middle - start, performance.now() - middle);
  row.problems++;
  const residuals = [simplexResidual(one, w), coneResidual(one, v)] as const;
  above += residuals.filter((residual) => residual > 1e-9).length;
  row.simplex = Math.max(row.simplex, residuals[0]);
  row.cone = Math.max(row.cone, residuals[1]);
  if (quadprog && one.count <= 200) {
    compare(row, 0, one, w, ask(one, true));
    compare(row, 1, one, v, ask(one, false));
  }
}

/** quadprog's answer, put back into the constraints, where it says that it has one. */
function ask({ gramian, count, u }: Problem, simplex: boolean): Float64Array | undefined {
  // Its arrays begin at 1; constraints are columns of A: Aᵀx ≥ b, the first `equalities` of them =.
  const D = table(count, count, (i, j) => gramian[i * count + j]!);
  const A = simplex
    ? table(count, count + 1, (i, j) => (j === 0 || j - 1 === i ? 1 : 0))
    : table(count, count, (i, j) => (i === j ? 1 : 0));
  const b = simplex ? [0, 1, ...new Array<number>(count).fill(0)] : [0, ...u];
  try {
    const { solution, message } = quadprog!(D, new Array<number>(count + 1).fill(0), A, b, simplex ? 1 : 0);
    if (message !== '') return undefined;
    const x = Float64Array.from({ length: count }, (_, i) => Math.max(simplex ? 0 : u[i]!, solution[i + 1]!));
    const sum = x.reduce((a, c) => a + c, 0);
    return x.every(Number.isFinite) && sum > 0 ? (simplex ? x.map((value) => value / sum) : x) : undefined;
  } catch {
    return undefined;
  }
}

function table(height: number, width: number, at: (i: number, j: number) => number): number[][] {
  return [[], ...Array.from({ length: height }, (_, i) => [0, ...Array.from({ length: width }, (__, j) => at(i, j))])];
}

/** Which of the two is farther from optimal by more than 1e-9. */
function compare(row: Row, which: 0 | 1, one: Problem, ours: Float64Array, theirs: Float64Array | undefined): void {
  if (!theirs) return;
  row.compared[which]++;
  const residual = which === 0 ? simplexResidual : coneResidual;
  const [a, b] = [residual(one, ours), residual(one, theirs)];
  if (a > b + 1e-9) row.worse[which]++;
  if (b > a + 1e-9) row.better[which]++;
}

const head = ['problems', 'n', 'simplex', 'cone', 'slowest, ms', 'quadprog answers', 'ours worse', 'quadprog worse'];
const lines = [...rows].map(([kind, row]) => [
  kind,
  row.problems,
  row.simplex.toExponential(1),
  row.cone.toExponential(1),
  row.slowest.toFixed(0),
  ...(quadprog ? [row.compared, row.worse, row.better].map(([a, b]) => `${a} / ${b}`) : ['–', '–', '–']),
]);
const worst = Math.max(...[...rows.values()].flatMap((row) => [row.simplex, row.cone]));
const text = `# The quadratic programs of balancers

\`TASKLOOM_QUADPROG=<folder of quadprog 1.6.1> node examples/run.mjs ../bench/solvers.ts ${total}\`: the point of least norm on the simplex (MGDA, CAGrad) and the projection onto the dual cone (UPGrad, DualProj), ${total} generated problems
(\`packages/mtl-loss/test/quadratic-problems.ts\`), T from 1 to 20, every twelfth 64 to 127, some 512. ${cpus()[0]!.model}, ${cpus().length} cores, Node ${process.version}.

The figure is the greatest residual of the conditions of optimality (Karush, Kuhn, Tucker): slopes in units of their rows, relative to the root of max(wᵀGw, wᵀdiag(G)w). The bar is 1e-9; above it: ${above} of ${2 * total}, the greatest **${worst.toExponential(1)}**.

| ${head.join(' | ')} |
|---|${'---:|'.repeat(head.length - 1)}
${lines.map((line) => `| ${line.join(' | ')} |`).join('\n')}

The right half compares with npm's \`quadprog\` (Goldfarb & Idnani's dual method), simplex / cone: how often it gives an answer at all (it wants a positive definite matrix), and how often one of the two is farther from optimal by more than 1e-9. quadprog is not asked at T = 512.
Python's quadprog was not to be had here, hence npm's port of the same algorithm.
`;
console.log(text);
if (total >= 10_000) writeFileSync(new URL('results/solvers.md', import.meta.url), text);
