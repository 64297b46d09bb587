import '@tensorflow/tfjs-backend-cpu';
import { hostArray } from '@taskloom/core';
import { exp, mul, sum, type Tensor, tanh } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { lowered } from '../../src/run/lowered';
import type { Runtime, SessionOptions } from '../../src/run/runtime';
import { loadStages, signatureOf } from '../../src/run/step';
import { trace } from '../../src/trace/trace';

/** A runtime that only notes with what options models are loaded. */
function noting(): { readonly runtime: Runtime; readonly arenas: unknown[] } {
  const arenas: unknown[] = [];
  const load = async (_: unknown, { enableCpuMemArena }: SessionOptions) => {
    arenas.push(enableCpuMemArena);
    return { run: () => Promise.reject(new Error('not to be run')), release: async () => {} };
  };
  return {
    runtime: { name: 'noting', version: '0', load, hold: async () => [], read: async () => [], free: () => {}, dispose: async () => {} },
    arenas,
  };
}

const step = (state: object, { x, y }: { x: Tensor; y: Tensor }) => ({ state, outputs: { y: sum(tanh(mul(exp(x), y))) } });

async function load(runtime: Runtime, rows: number): Promise<void> {
  const leaf = (shape: readonly number[]) => ({ ...hostArray(new Float32Array(0), [0]), shape: [...shape] });
  const traced = trace(step as never, {}, { x: leaf([rows, 1]), y: leaf([2048]) } as never);
  const { program, layout } = lowered(traced, undefined);
  await loadStages(program, { layout, nextSignature: signatureOf(traced) }, runtime, { enableCpuMemArena: false });
}

test('of the shapes of a step, the first whose arrays are large keeps its memory between runs', async () => {
  const { runtime, arenas } = noting();
  for (const rows of [100, 2048, 4096, 100]) await load(runtime, rows);
  expect(arenas).toEqual([false, true, false, false]);
  const other = noting();
  await load(other.runtime, 4096);
  expect(other.arenas).toEqual([true]);
});
