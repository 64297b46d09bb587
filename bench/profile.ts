// Where the time of compiled steps goes, by operator and shape. Run: node examples/run.mjs ../bench/profile.ts transformer|bag|convnet|disjoint|support [steps]
import '@tensorflow/tfjs-backend-cpu';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { memoryStore } from '@taskloom/core';
import { ort } from '@taskloom/onnx';
import { train } from '@taskloom/pipeline';
import { InferenceSession } from 'onnxruntime-node';
import { dataFiles } from '../apps/reference/src/data-files';
import { supportConfig } from '../apps/reference/src/support-config';
import { bagStep, bagTables } from './works/bag';
import { batch, ways } from './works/balancing';
import { convnetStep } from './works/convnet';
import { trainBatch, trainStep } from './works/transformer';

const [work = 'transformer', count = '6'] = process.argv.slice(2);
const steps = Number(count);
const folder = mkdtempSync(join(tmpdir(), 'profile-'));
const create = InferenceSession.create.bind(InferenceSession) as (model: unknown, options?: object) => Promise<InferenceSession>;
const sessions: InferenceSession[] = [];
Object.assign(InferenceSession, {
  async create(model: unknown, options: object) {
    const session = await create(model, { ...options, enableProfiling: true, profileFilePrefix: join(folder, `p${sessions.length}`) });
    const release = session.release.bind(session);
    session.release = async () => {
      session.endProfiling();
      await release();
    };
    sessions.push(session);
    return session;
  },
});

/** Steps of one work, compiled. */
async function run(step: unknown, init: () => unknown, inputs: (number: number) => unknown): Promise<void> {
  const compiled = await ort().compile(step as never, { state: init() as never });
  for (let i = 0; i < steps; i++) await compiled(inputs(i) as never);
  compiled.dispose();
}

if (work === 'transformer') {
  const { step, init } = trainStep(32);
  await run(step, init, (i) => trainBatch(32, i));
} else if (work === 'convnet') {
  const { step, init, batch: images } = convnetStep();
  await run(step, init, images);
} else if (work === 'bag') {
  const { step, init } = bagStep();
  const compiled = (await ort().compile(step as never, { state: init() as never })) as never as (inputs: never) => Promise<unknown>;
  const around = bagTables(100_000);
  let inside = 0;
  const began = performance.now();
  for (let i = 0; i < steps; i++)
    await around(async (inputs) => {
      const start = performance.now();
      const outputs = await compiled(inputs);
      inside += performance.now() - start;
      return outputs;
    });
  console.log(`${((performance.now() - began) / steps).toFixed(1)} ms a step, ${(inside / steps).toFixed(1)} of them compiled`);
  (compiled as never as { dispose(): void }).dispose();
} else if (work === 'disjoint') {
  // Seven tasks on rows of their own, by their gradients' Gramian.
  const { step, init } = ways['mgda, rows kept']();
  await run(step, init, (i) => batch(14, i, true));
} else {
  const data = dataFiles(fileURLToPath(new URL('../apps/reference/data/support', import.meta.url)));
  const config = { ...supportConfig, training: { ...supportConfig.training, steps, evaluateEvery: steps } };
  await train(config, { store: memoryStore(), data, executor: ort() });
}
await new Promise((resolve) => setTimeout(resolve, 2000));

interface Event {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args?: { readonly op_name?: string; readonly output_type_shape?: unknown };
}
const events = readdirSync(folder).flatMap((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Event[]);
const kernels = events.filter(({ cat, name }) => cat === 'Node' && name.endsWith('kernel_time'));
console.log(`${kernels.length / steps} operators a step`);
table(({ args }) => args?.op_name ?? '?', 25);
table(({ args }) => `${args?.op_name} ${JSON.stringify(args?.output_type_shape)}`, 40);
process.exit(0);

/** Milliseconds and operators per step, the greatest first. */
function table(key: (event: Event) => string, rows: number): void {
  const groups = new Map<string, { time: number; count: number }>();
  let all = 0;
  for (const event of kernels) {
    const group = groups.get(key(event)) ?? { time: 0, count: 0 };
    group.time += event.dur / 1000 / steps;
    group.count += 1 / steps;
    all += event.dur / 1000 / steps;
    groups.set(key(event), group);
  }
  console.log(`\n${all.toFixed(1)} ms a step`);
  for (const [name, { time, count }] of [...groups].sort((a, b) => b[1].time - a[1].time).slice(0, rows))
    console.log(`${time.toFixed(2).padStart(9)} ${count.toFixed(1).padStart(7)}  ${name.slice(0, 120)}`);
}
