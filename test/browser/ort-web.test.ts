import { ortWeb } from '@taskloom/onnx/web';
import { expect, it } from 'vitest';
import { commands } from 'vitest/browser';
import { start } from './backends';
import { trainCompiled } from './compiled-training';
import { steps } from './steps';

it('a compiled step trains on onnxruntime-web as on onnxruntime-node', async () => {
  expect(await start('cpu')).toBe(true);
  const inNode = await commands.compiledInNode(steps);
  const here = await trainCompiled(ortWeb(), steps);
  expect(here).toHaveLength(inNode.length);
  const off = Math.max(...here.map((loss, i) => Math.abs(loss - inNode[i]!) / Math.abs(inNode[i]!)));
  console.info(`losses ${inNode[0]!.toFixed(4)} → ${inNode.at(-1)!.toFixed(4)}, largest relative difference ${off}`);
  expect(off).toBeLessThan(1e-5);
  expect(here.at(-1)!).toBeLessThan(0.7 * here[0]!);
});
