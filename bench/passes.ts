/**
 * What each pass over a compiled step brings: the step with all of them, without each one, and without any, in turn.
 *
 *   node examples/run.mjs ../bench/passes.ts [work …] [--rounds 7] [--ways all,equal]
 */
import '@tensorflow/tfjs-backend-cpu';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { type HostArray, mapTree, readTree, type Tree } from '@taskloom/core';
import { setBackend } from '@tensorflow/tfjs-core';
import { broadcastShape, Graph } from '../packages/onnx/src/graph/graph';
import { optimized, passes } from '../packages/onnx/src/passes';
import { broadcasts } from '../packages/onnx/src/passes/broadcasts';
import { horizontallyFused } from '../packages/onnx/src/passes/horizontal-fusion';
import { layerNorms } from '../packages/onnx/src/passes/layer-norm';
import { narrowConvolutions } from '../packages/onnx/src/passes/narrow-convolutions';
import { packState } from '../packages/onnx/src/passes/pack-state';
import { rematerialized } from '../packages/onnx/src/passes/rematerialize';
import type { Pass } from '../packages/onnx/src/passes/rewrite';
import { scalarFactors } from '../packages/onnx/src/passes/scalar-factors';
import { touchedRows } from '../packages/onnx/src/passes/segment-sums';
import { sumsByProduct } from '../packages/onnx/src/passes/sums';
import { arrangement } from '../packages/onnx/src/run/arrangement';
import { nodeRuntime, sessionOptions } from '../packages/onnx/src/run/node';
import { program } from '../packages/onnx/src/run/program';
import { loadStages, runStep, signatureOf } from '../packages/onnx/src/run/step';
import { mapLeaves } from '../packages/onnx/src/trace/leaves';
import { trace } from '../packages/onnx/src/trace/trace';
import { median } from './peers/rounds';
import { batch as balancingBatch, ways } from './works/balancing';
import { convnetStep } from './works/convnet';
import { loopStep, sinusoidStep } from './works/sinusoid';
import { trainBatch, trainStep } from './works/transformer';

const { values: flags, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, ways: { type: 'string', default: '' } },
  allowPositionals: true,
});
await setBackend('cpu');

type Arrays = Tree<HostArray>;
const noLayout = { members: [], groups: [], size: 0 };

interface Selection {
  /** Whether chains of the same operators become one. */
  readonly fuse?: boolean;
  readonly chosen?: readonly Pass[];
  /** Whether small parameters share a vector. */
  readonly pack?: boolean;
  /** Whether the backward pass makes again what is cheap. */
  readonly remake?: boolean;
  /** Methods of the graph that is built, in place of those that make equal nodes once, or compute what is known. */
  readonly building?: Partial<Graph>;
}

/** Every node by itself. */
const unshared: Partial<Graph> = {
  node(this: Graph, op, inputs, results, attributes = {}, domain = '') {
    return this.copy({ op, domain, attributes, inputs, outputs: results } as never, inputs);
  },
};

/** Constants, neutral elements, and transpositions and reshapes one after another, as they are written. */
const unfolded: Partial<Graph> = {
  unary(this: Graph, op, x, attributes) {
    return this.op(op, [x], x, attributes);
  },
  binary(this: Graph, op, a, b, dtype = a.dtype) {
    return this.op(op, [a, b], { shape: broadcastShape(a.shape, b.shape, op), dtype });
  },
  transpose(this: Graph, x, perm) {
    return this.op('Transpose', [x], { shape: perm.map((axis) => x.shape[axis]!), dtype: x.dtype }, { perm });
  },
  reshape(this: Graph, x, shape) {
    return this.op('Reshape', [x, this.ints(shape)], { shape, dtype: x.dtype });
  },
};

/** A step with some of the passes, its state, and how many operators it has. */
async function prepared(
  step: unknown,
  initial: Arrays,
  batch: Arrays,
  { fuse = true, chosen = passes, pack = true, remake = true, building = {} }: Selection,
) {
  const runtime = await nodeRuntime(false);
  const own = Object.fromEntries(Object.keys(building).map((name) => [name, Graph.prototype[name as keyof Graph]]));
  Object.assign(Graph.prototype, building);
  const plain = trace(step as never, initial as never, batch as never);
  const traced = optimized(fuse ? horizontallyFused(plain) : plain, chosen);
  const { trace: packed, layout } = packState(traced, pack ? undefined : noLayout);
  const last = remake ? rematerialized(packed) : packed;
  const made = program(last, (nameOf) => mapLeaves(last.outputs, nameOf));
  Object.assign(Graph.prototype, own);
  const ready = await loadStages(made, { layout, nextSignature: signatureOf(traced) }, runtime, sessionOptions('auto'));
  const state = arrangement(runtime);
  await state.replace(leaves(mapTree(initial, (leaf) => ({ ...leaf, data: leaf.data.slice() })) as Arrays));
  return async (inputs: Arrays) => state.become((await runStep(ready, await state.arranged(layout), leaves(inputs), runtime)).state);
}

function leaves(tree: Arrays): Map<string, HostArray> {
  const flat = new Map<string, HostArray>();
  mapTree(tree, (leaf, path) => void flat.set(path, leaf));
  return flat;
}

const without = (pass: Pass) => ({ chosen: passes.filter((each) => each !== pass) });
const everything: readonly (readonly [string, Selection])[] = [
  ['all', {}],
  ['without chains joined', { fuse: false }],
  ['without layer normalisation as one operator', without(layerNorms)],
  ['without sums by products', without(sumsByProduct)],
  ['without Jacobians of tables as the rows touched', without(touchedRows)],
  ['without operands as small as they may be', without(broadcasts)],
  ['without scalars multiplied first', without(scalarFactors)],
  ['without first convolutions as products', without(narrowConvolutions)],
  ['without arrays made again', { remake: false }],
  ['without one vector for small parameters', { pack: false }],
  ['without equal nodes made once', { building: unshared }],
  ['without constants, transpositions and reshapes folded', { building: unfolded }],
  ['none', { fuse: false, chosen: [], pack: false, remake: false }],
];

/** Those whose names have one of the words; side by side in one process the others take memory. */
const selections = everything.filter(([name]) => flags.ways.split(',').some((word) => name.includes(word)));

const transformer = trainStep(32);
const sinusoid = sinusoidStep();
const works = {
  'convnet, a training step': { ...convnetStep(), steps: 2 },
  'transformer, a training step': { ...transformer, batch: (i: number) => trainBatch(32, i), steps: 2 },
  'MAML, 25 sine waves, a step': { ...sinusoid, steps: 200 },
  'MAML, 25 sine waves in a loop, a step': { ...sinusoid, step: loopStep(), steps: 50 },
  'MGDA, seven tasks on all rows, a step': { ...ways['mgda, rows kept'](), batch: (i: number) => balancingBatch(14, i), steps: 1 },
  'MGDA, seven tasks on their own rows, a step': {
    ...ways['mgda, rows kept'](),
    batch: (i: number) => balancingBatch(14, i, true),
    steps: 2,
  },
};

for (const [name, { step, init, batch, steps }] of Object.entries(works)) {
  if (positionals.length > 0 && !positionals.some((word) => name.startsWith(word))) continue;
  const initial = (await readTree(init() as never)) as Arrays;
  const runs = [];
  for (const [, selection] of selections) runs.push(await prepared(step, initial, batch(0) as never, selection));
  const times = selections.map((): number[] => []);
  for (let round = -1; round < Number(flags.rounds); round++)
    for (const [w, run] of runs.entries()) {
      const start = performance.now();
      for (let i = 0; i < steps; i++) await run(batch(i) as never);
      if (round >= 0) times[w]!.push((performance.now() - start) / steps);
    }
  const whole = median(times[0]!);
  console.log(`\n| ${name} | median, ms | least, ms | to all |\n| --- | ---: | ---: | ---: |`);
  for (const [w, [way]] of selections.entries())
    console.log(
      `| ${way} | ${median(times[w]!).toFixed(2)} | ${Math.min(...times[w]!).toFixed(2)} | ${(median(times[w]!) / whole).toFixed(2)} |`,
    );
}
console.log(`\n${cpus()[0]!.model}, ${cpus().length} cores, Node ${process.version}, load ${loadavg()[0]!.toFixed(1)}`);
process.exit(0);
