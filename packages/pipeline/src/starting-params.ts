import {
  disposeParams,
  flatten,
  type MultiTaskModel,
  type MultiTaskParams,
  mapParams,
  matcher,
  type Params,
  random,
  TaskloomError,
} from '@taskloom/core';
import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import type { Features } from './features';
import type { ResolvedConfig } from './schema';

/**
 * The parameters that a training starts from: as drawn, with the rows of tables that have vectors. The caller owns them. Throws `bad_config` where vectors do not fit their tables, and for a
 * pattern of `training.learningRates` that no parameter matches.
 */
export function startingParams(model: MultiTaskModel, { vectors = [] }: Features, { seed, training }: ResolvedConfig): MultiTaskParams {
  const drawn = model.init(random(seed).fold('init')) as unknown as Params;
  try {
    assertMatched(Object.keys(training.learningRates ?? {}), [...flatten(drawn).keys()]);
    const reads = Object.entries(model.trunk.tables ?? {});
    return mapParams(drawn, (leaf, path) => {
      const inputs = reads.find(([table]) => path === `shared/${table}`)?.[1].inputs;
      const own = inputs?.length === 1 ? vectors.find(({ input }) => input === inputs[0]) : undefined;
      return own ? withRows(leaf, own, path) : leaf.clone();
    }) as unknown as MultiTaskParams;
  } finally {
    disposeParams(drawn);
  }
}

function withRows(table: Tensor, { width, rows }: NonNullable<Features['vectors']>[number], path: string): Tensor {
  if (table.shape[1] !== width)
    throw new TaskloomError('bad_config', 'The word vectors do not fit the embedding.', {
      name: path,
      expected: `vectors of ${table.shape[1]} numbers, or a trunk of this width`,
      got: width,
    });
  const data = (table.dataSync() as Float32Array).slice();
  for (const [id, row] of rows) data.set(row, id * width);
  return tensor(data, table.shape, 'float32');
}

function assertMatched(patterns: readonly string[], paths: readonly string[]): void {
  const idle = patterns.find((pattern) => !paths.some(matcher(pattern)));
  if (idle !== undefined)
    throw new TaskloomError('bad_config', `No parameter matches '${idle}'.`, {
      name: 'training.learningRates',
      got: idle,
      expected: paths,
    });
}
