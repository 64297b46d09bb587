import { type HostArray, hostArray } from '@taskloom/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { expectParity } from '../parity';

type Tensors = { readonly [name: string]: Tensor };

/** Several results of one step agree with the eager ones, each by its name: one session for many ops. */
export async function expectOutputs(
  ops: (inputs: Tensors) => Tensors,
  inputs: { readonly [name: string]: HostArray },
  tolerance = 1e-5,
): Promise<void> {
  const step = (state: Tensors, given: Tensors) => ({ state, outputs: ops(given) });
  await expectParity(step as never, { unused: hostArray(Float32Array.of(0)) }, [inputs], { tolerance });
}

/** `{ name: f(name) }`. */
export function each<N extends string, T>(names: readonly N[], f: (name: N) => T): { [name in N]: T } {
  return Object.fromEntries(names.map((name) => [name, f(name)])) as { [name in N]: T };
}
