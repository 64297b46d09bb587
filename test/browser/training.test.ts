import { describe, expect, it } from 'vitest';
import { commands } from 'vitest/browser';
import { start } from './backends';
import { steps } from './steps';
import { type Level, levels, trainings } from './trainings';

/**
 * Greatest relative difference of a loss from Node's. On cpu and wasm it was 0, the same bits, with V8 11.3 in Node and 15.6 in Chromium; engines may
 * differ in the last bit of `Math.exp`. On webgl, where sums are taken in another order, it was 4e-6; it grows with the steps, since Adam goes a whole
 * step along a gradient that is rounding error (7e-5 at the sixth).
 */
const tolerance = { cpu: 1e-5, wasm: 1e-5, webgl: 1e-4 };

// Node begins now; what it finds is asked for after training here.
void commands.inNode('cpu core').catch(() => {});

describe('on webgl', () => {
  // In software: the first step of a model compiles hundreds of shaders.
  it.for([
    ['core', 6],
    ['trainer', 4],
    ['pipeline', 2],
  ] as const)('%s trains as on cpu in Node, for %d steps', async ([level, count], { skip }) => {
    if (!(await start('webgl'))) skip('WebGL does not start in this Chromium.');
    const here = await trainings[level](count);
    expect(here).toHaveLength(count);
    await expectAsInNode(here, 'webgl', level, 'cpu');
  });
});

describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  it.each(levels)('%s trains as in Node', async (level) => {
    expect(await start(backend)).toBe(true);
    const here = await trainings[level](steps);
    expect(here).toHaveLength(steps);
    await expectAsInNode(here, backend, level, backend);
    expectFalling(here);
  });
});

/** The same losses, as far as they go. */
async function expectAsInNode(
  here: readonly number[],
  backend: keyof typeof tolerance,
  level: Level,
  inNodeOn: 'cpu' | 'wasm',
): Promise<void> {
  const inNode = await commands.inNode(`${inNodeOn} ${level}`);
  expect(inNode).toHaveLength(steps);
  const off = here.map((loss, i) => Math.abs(loss - inNode[i]!) / Math.abs(inNode[i]!));
  console.info(`${backend} ${level}: ${here[0]!.toFixed(4)} → ${here.at(-1)!.toFixed(4)}, largest relative difference ${Math.max(...off)}`);
  expect(Math.max(...off)).toBeLessThanOrEqual(tolerance[backend]);
}

/** The last third below the first third, on the mean. */
function expectFalling(losses: readonly number[]): void {
  const third = Math.floor(losses.length / 3);
  const mean = (part: readonly number[]) => part.reduce((sum, loss) => sum + loss, 0) / part.length;
  expect(mean(losses.slice(-third))).toBeLessThan(mean(losses.slice(0, third)));
}
