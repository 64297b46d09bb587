import { ortWeb } from '@taskloom/onnx/web';
import { afterEach, expect, it, vi } from 'vitest';
import { commands } from 'vitest/browser';
import { start } from './backends';
import { trainCompiled } from './compiled-training';
import { steps } from './steps';

afterEach(() => vi.unstubAllGlobals());

it('a compiled step trains on two threads of a cross-origin isolated page as in Node', async () => {
  expect(crossOriginIsolated).toBe(true);
  expect(await start('cpu')).toBe(true);
  const inNode = await commands.compiledInNode(steps);
  // Beside the calling thread, onnxruntime-web works on one worker for each further thread.
  let workers = 0;
  vi.stubGlobal(
    'Worker',
    class extends Worker {
      constructor(...given: ConstructorParameters<typeof Worker>) {
        super(...given);
        workers++;
      }
    },
  );
  const here = await trainCompiled(ortWeb({ threads: 2 }), steps);
  expect(workers).toBe(1);
  expect(here).toHaveLength(inNode.length);
  const off = Math.max(...here.map((loss, i) => Math.abs(loss - inNode[i]!) / Math.abs(inNode[i]!)));
  console.info(`losses ${inNode[0]!.toFixed(4)} → ${inNode.at(-1)!.toFixed(4)}, largest relative difference ${off}`);
  expect(off).toBeLessThan(1e-5);
  expect(here.at(-1)!).toBeLessThan(0.7 * here[0]!);
});
