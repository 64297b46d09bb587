import '@tensorflow/tfjs-backend-cpu';
import { type Executor, eager, flatten, type HostArray, mapTree, type Params, type Tree, toTensor } from '@taskloom/core';
import { setBackend, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { ort } from '../src/index';

export type Step = (state: Params, inputs: Tree<Tensor>) => { state: Params; outputs: Tree<Tensor> };

/** Runs the same step several times eagerly on cpu and compiled; states and outputs must agree to `tolerance`, relative to 1 + |value|. */
export async function expectParity(
  step: (state: never, inputs: never) => { state: Params; outputs: Tree<Tensor> },
  state: Tree<HostArray>,
  inputs: readonly Tree<HostArray>[],
  {
    tolerance = 1e-5,
    executor = ort({ threads: 1 }),
    compare = expectSame,
  }: { tolerance?: number; executor?: Executor; compare?: typeof expectSame } = {},
): Promise<void> {
  await setBackend('cpu');
  const make = () => mapTree(state, toTensor) as Params;
  const [wanted, got] = await Promise.all([eager(), executor].map((each) => each.compile(step as Step, { state: tidy(make) as Params })));
  for (const fed of inputs) {
    const a = await wanted!(fed as never);
    const b = await got!(fed as never);
    compare(b as Tree<HostArray>, a as Tree<HostArray>, tolerance);
  }
  expectSame((await got!.readState()) as Tree<HostArray>, (await wanted!.readState()) as Tree<HostArray>, tolerance);
  wanted!.dispose();
  got!.dispose();
}

/** Same leaves, shapes and types, values within the tolerance. */
export function expectSame(got: Tree<HostArray>, wanted: Tree<HostArray>, tolerance: number): void {
  const flat = (tree: Tree<HostArray>) => flatten<HostArray>({ root: tree });
  const [x, y] = [flat(got), flat(wanted)];
  expect([...x.keys()]).toEqual([...y.keys()]);
  for (const [path, leaf] of y) {
    const mine = x.get(path)!;
    expect({ path, shape: [...mine.shape], dtype: mine.dtype }).toEqual({ path, shape: [...leaf.shape], dtype: leaf.dtype });
    for (let i = 0; i < leaf.data.length; i++) {
      const [p, q] = [mine.data[i]!, leaf.data[i]!];
      if (Object.is(p, q) || p === q) continue;
      if (!(Math.abs(p - q) <= tolerance * (1 + Math.abs(q)))) expect.fail(`${path}[${i}]: ${p}, eagerly ${q}`);
    }
  }
}
