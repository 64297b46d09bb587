import { hostArray, random, seedKey } from '@taskloom/core';
import { cast, mul, stack, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core';
import { test } from 'vitest';
import { expectParity } from './parity';

test('draws and folded keys have the same bits as on the host', async () => {
  const step = (state: { key: Tensor1D }, { key }: { key: Tensor }) => {
    const stream = random(key as Tensor1D);
    const child = stream.fold('dropout').fold(7);
    const siblings = ['a', 'b', 'c'].map((name) => stream.fold(name));
    // A key that comes of other keys' draws.
    const derived = random(cast(mul(siblings[1]!.uniform([2]), 1e6), 'int32') as Tensor1D);
    return {
      state: { key: child.key as Tensor1D },
      outputs: {
        uniform: child.uniform([40, 50]),
        normal: child.normal([20_000]),
        own: random(state.key).fold(-1).uniform([3]),
        mask: child.bernoulli(0.9, [3, 111]),
        odd: child.bernoulli(0.3, [77]),
        short: child.uniform([3]),
        siblings: stack(siblings.flatMap((each, i) => [each.uniform([5]), each.fold(i).uniform([5]), each.fold('x').fold(i).normal([5])])),
        derived: derived.fold(3).uniform([4]),
        keys: stack([...siblings, derived.fold(3)].map(({ key }) => key as Tensor1D)),
      },
    };
  };
  const keys = ['a', 'b', 3].map((seed) => ({ key: hostArray(Int32Array.from(seedKey(seed))) }));
  await expectParity(step as never, { key: keys[0]!.key }, keys, { tolerance: 0 });
});
