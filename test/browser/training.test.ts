import { describe, expect, inject, it } from 'vitest';
import { start } from './backends';
import { steps } from './steps';
import { type Level, trainings } from './trainings';

const levels: readonly Level[] = ['core', 'trainer', 'pipeline'];
/** Greatest relative difference of a loss from Node's. It was 0, the same bits, with V8 11.3 in Node and 15.6 in Chromium; engines may differ in the last bit of `Math.exp`. */
const tolerance = { cpu: 1e-5, wasm: 1e-5 };

describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  it.each(levels)('%s trains as in Node', async (level) => {
    expect(await start(backend)).toBe(true);
    const [here, inNode] = [await trainings[level](steps), inject('inNode').losses[backend][level]];
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
  // In software a step of the whole model takes seconds, most of it for shaders of new shapes.
  it.for([
    ['core', steps],
    ['trainer', 9],
    ['pipeline', 3],
  ] as const)('%s trains for %d steps', async ([level, count], { skip }) => {
    if (!(await start('webgl'))) skip('WebGL does not start in this Chromium.');
    const losses = await trainings[level](count);
    expect(losses).toHaveLength(count);
    expect(losses.every(Number.isFinite)).toBe(true);
    expectFalling(losses);
  });
});

/** The last third below the first third, on the mean. */
function expectFalling(losses: readonly number[]): void {
  const third = Math.floor(losses.length / 3);
  const mean = (part: readonly number[]) => part.reduce((sum, loss) => sum + loss, 0) / part.length;
  expect(mean(losses.slice(-third))).toBeLessThan(mean(losses.slice(0, third)));
}
