// Where the time of one compiled step goes, by operator. Run: node examples/run.mjs ../bench/profile.ts [work]
import '@tensorflow/tfjs-backend-cpu';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HostArray, mapTree, type Params, readTree, type Tree } from '@taskloom/core';
import * as Ort from 'onnxruntime-node';
import { optimized } from '../packages/onnx/src/passes';
import { program } from '../packages/onnx/src/run/program';
import { inputName, stateName, trace } from '../packages/onnx/src/trace/trace';
import { trainBatch, trainStep } from './works/transformer';

const { step, init } = trainStep(32);
const state = (await readTree(init() as never)) as Tree<HostArray>;
const inputs = trainBatch(32, 0) as never as Tree<HostArray>;
const began = performance.now();
const traced = optimized(trace(step as never, state, inputs));
const { stages } = program(traced, () => 'x' as never);
const { loss } = traced.outputs as { loss: never };
void loss;
const stage = stages[0]!;
if (stage.kind !== 'graph') throw new Error('no graph');
console.log('trace ms', Math.round(performance.now() - began), 'bytes', stage.model.length);
const folder = mkdtempSync(join(tmpdir(), 'profile-'));
const session = await Ort.InferenceSession.create(stage.model, {
  graphOptimizationLevel: 'all',
  enableMemPattern: false,
  enableProfiling: true,
  profileFilePrefix: join(folder, 'p'),
  logSeverityLevel: 3,
});
console.log('session ms', Math.round(performance.now() - began));
const feeds: Record<string, Ort.Tensor> = {};
const add = (name: (p: string) => string) => (leaf: HostArray, path: string) => {
  if (session.inputNames.includes(name(path))) feeds[name(path)] = new Ort.Tensor(leaf.dtype, leaf.data as Float32Array, leaf.shape);
};
mapTree(state as Params as never, add(stateName) as never);
mapTree(inputs as never, add(inputName) as never);
for (let i = 0; i < 6; i++) await session.run(feeds);
session.endProfiling();
const file = readdirSync(folder)[0]!;
const events = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
  cat: string;
  name: string;
  dur: number;
  ts: number;
  args?: { op_name?: string; output_type_shape?: unknown };
}[];
const kernels = events.filter((e) => e.cat === 'Node' && e.name.endsWith('kernel_time'));
const byOp = new Map<string, { time: number; count: number }>();
const byShape = new Map<string, { time: number; count: number }>();
for (const e of kernels) {
  const put = (map: typeof byOp, key: string) => {
    const entry = map.get(key) ?? { time: 0, count: 0 };
    entry.time += e.dur / 6000;
    entry.count += 1 / 6;
    map.set(key, entry);
  };
  put(byOp, e.args?.op_name ?? '?');
  put(byShape, `${e.args?.op_name} → ${JSON.stringify(e.args?.output_type_shape)}`);
}
const show = (map: typeof byOp, limit: number) => {
  for (const [key, { time, count }] of [...map].sort((a, b) => b[1].time - a[1].time).slice(0, limit))
    console.log(time.toFixed(1).padStart(9), String(Math.round(count)).padStart(5), key.slice(0, 140));
};
console.log('total ms', [...byOp.values()].reduce((a, b) => a + b.time, 0).toFixed(1), 'nodes', kernels.length / 6);
show(byOp, 30);
console.log('');
show(byShape, 45);
process.exit(0);
