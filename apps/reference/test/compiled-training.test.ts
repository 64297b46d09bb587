// What `npm start` trains, eagerly and compiled, for 200 steps: the same losses.
import { fileURLToPath } from 'node:url';
import { memoryStore } from '@taskloom/core';
import { train } from '@taskloom/pipeline';
import { expect, it } from 'vitest';
import { startBackend } from '../src/backend';
import { dataFiles } from '../src/data-files';
import { supportConfig } from '../src/support-config';

const steps = 200;

it(`the support model learns compiled as eagerly: ${steps} losses within 1e-4`, { timeout: 300_000 }, async () => {
  await startBackend('wasm');
  const data = dataFiles(fileURLToPath(new URL('../data/support', import.meta.url)));
  const config = { ...supportConfig, training: { ...supportConfig.training, steps, evaluateEvery: steps } };
  const lossesOf = async (execution: 'compiled' | 'eager') => {
    const losses: number[] = [];
    const callback = { onBatchEnd: (_: number, { loss }: { readonly loss: number }) => void losses.push(loss) };
    await train(config, { store: memoryStore(), data, execution, callbacks: [callback as never] });
    return losses;
  };
  const compiled = await lossesOf('compiled');
  const eager = await lossesOf('eager');
  expect(eager).toHaveLength(steps);
  const [first, last] = [eager.slice(0, 20), eager.slice(-20)].map((part) => part.reduce((a, b) => a + b) / 20);
  expect(last).toBeLessThan(0.7 * first!);
  const off = compiled.map((loss, i) => Math.abs(loss / eager[i]! - 1));
  console.info(`mean losses ${first!.toFixed(3)} → ${last!.toFixed(3)}; largest relative difference ${Math.max(...off).toExponential(1)}`);
  expect(Math.max(...off)).toBeLessThan(1e-4);
});
