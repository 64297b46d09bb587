import { describe, expect, inject, it } from 'vitest';
import { start } from './backends';
import { type Level, steps, trainings } from './trainings';

const levels: readonly Level[] = ['core', 'trainer', 'pipeline'];
/** Greatest relative difference of a loss from Node's. */
const tolerance = { cpu: 1e-5, wasm: 1e-5 };

describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  it.each(levels)('%s trains as in Node', async (level) => {
    expect(await start(backend)).toBe(true);
    const [here, inNode] = [await trainings[level](), inject('inNode').losses[backend][level]];
    expect(inNode).toHaveLength(steps);
    expect(here).toHaveLength(steps);
    const off = here.map((loss, i) => Math.abs(loss - inNode[i]!) / Math.abs(inNode[i]!));
    console.info(
      `${backend} ${level}: ${inNode[0]!.toFixed(4)} → ${inNode.at(-1)!.toFixed(4)}, largest relative difference ${Math.max(...off)}`,
    );
    expect(Math.max(...off)).toBeLessThanOrEqual(tolerance[backend]);
    expectFalling(here);
  });
});

describe('on webgl', () => {
  it.for(levels)('%s trains', async (level, { skip }) => {
    if (!(await start('webgl'))) skip('WebGL does not start in this Chromium.');
    const losses = await trainings[level]();
    expect(losses).toHaveLength(steps);
    expect(losses.every(Number.isFinite)).toBe(true);
    expectFalling(losses);
  });
});

/** The last five below the first five, on the mean. */
function expectFalling(losses: readonly number[]): void {
  const mean = (part: readonly number[]) => part.reduce((sum, loss) => sum + loss, 0) / part.length;
  expect(mean(losses.slice(-5))).toBeLessThan(mean(losses.slice(0, 5)));
}
