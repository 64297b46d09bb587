import { type Module, type Params, TaskloomError } from '@taskloom/core';
import { add, expandDims, mul, slice, type Tensor, tensor2d } from '@tensorflow/tfjs-core';

export type PositionKind = 'learned' | 'sinusoidal' | 'none';

/**
 * Adds to each token a vector for its place. `learned`: a table `[length, width]`, texts no longer than `length`. `sinusoidal` (Vaswani et al. 2017,
 * arXiv:1706.03762): √width·x + s with s[t, 2i] = sin(t/10000^(2i/width)), s[t, 2i + 1] = cos(the same), any length. `[N, T, width]` → same shape.
 * Holds under a leading task axis.
 */
export function positions(
  kind: PositionKind,
  { width, length }: { readonly width: number; readonly length: number },
): Module<Tensor, Tensor> {
  return {
    config: { module: 'positions', kind, width, length },
    init: (random): Params => {
      if (kind !== 'learned') return {};
      const normal = random.fold('table').normal([length, width]);
      const table = mul(normal, 0.02);
      normal.dispose();
      return { table };
    },
    apply(params, tokens) {
      const time = tokens.shape[tokens.rank - 2]!;
      if (kind === 'none') return tokens;
      if (kind === 'sinusoidal') return add(mul(tokens, Math.sqrt(width)), sinusoids(time, width));
      if (time > length)
        throw new TaskloomError('text_too_long', 'There are more tokens than learned positions.', {
          name: 'ids',
          expected: `at most ${length}`,
          got: time,
          remedy: 'Cut the texts, or build the trunk with a larger `length`.',
        });
      const table = params.table as Tensor;
      const tasks = table.shape.slice(0, -2);
      return add(tokens, expandDims(slice(table, new Array<number>(table.rank).fill(0), [...tasks, time, width]), -3));
    },
  };
}

/** [time, width], a constant. */
function sinusoids(time: number, width: number): Tensor {
  const values = Float32Array.from({ length: time * width }, (_, n) => {
    const column = n % width;
    const angle = Math.floor(n / width) / 10000 ** ((column - (column % 2)) / width);
    return column % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
  return tensor2d(values, [time, width]);
}
