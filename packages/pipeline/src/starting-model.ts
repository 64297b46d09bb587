import { flatten, type MultiTaskModel, type MultiTaskParams, mapParams, matcher, type Params, TaskloomError } from '@taskloom/core';
import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import type { Features } from './features';
import type { TrainingConfig } from './training-schema';

/** Values that parameters start from, by path. */
export type StartingValues = ReadonlyMap<string, Float32Array>;

/**
 * The model of a new training: its parameters start as drawn, but for those in `values` and the rows of tables that have vectors. Its `init` throws `bad_config` where vectors do not fit their tables, and for a
 * pattern of `training.learningRates` that reaches no parameter.
 */
export function startingModel(
  model: MultiTaskModel,
  { vectors = [] }: Features,
  training: TrainingConfig,
  values: StartingValues = new Map(),
): MultiTaskModel {
  const reads = Object.entries(model.trunk.tables ?? {}).map(([path, { inputs }]) => ({ path: `shared/${path}`, inputs }));
  return {
    ...model,
    init(random) {
      const drawn = model.init(random) as unknown as Params;
      const apart = training.tables === 'touched' ? reads.map(({ path }) => path) : [];
      assertReached(
        Object.keys(training.learningRates ?? {}),
        [...flatten(drawn).keys()].filter((path) => !apart.includes(path)),
      );
      return mapParams(drawn, (leaf, path) => {
        const given = values.get(path);
        if (given) return replaced(leaf, given);
        const [input, ...more] = reads.find((read) => read.path === path)?.inputs ?? [];
        const own = more.length === 0 && vectors.find((each) => each.input === input);
        return own ? withRows(leaf, own, path) : leaf;
      }) as unknown as MultiTaskParams;
    },
  };
}

/** The table is replaced. */
function withRows(table: Tensor, { width, rows }: NonNullable<Features['vectors']>[number], path: string): Tensor {
  if (table.shape[1] !== width)
    throw new TaskloomError('bad_config', 'The word vectors do not fit the embedding.', {
      name: path,
      expected: `vectors of ${table.shape[1]} numbers, or a trunk of this width`,
      got: width,
    });
  const data = (table.dataSync() as Float32Array).slice();
  for (const [id, row] of rows) data.set(row, id * width);
  return replaced(table, data);
}

function replaced(leaf: Tensor, values: Float32Array): Tensor {
  leaf.dispose();
  return tensor(values, leaf.shape, 'float32');
}

function assertReached(patterns: readonly string[], paths: readonly string[]): void {
  const idle = patterns.find((pattern) => !paths.some(matcher(pattern)));
  if (idle !== undefined)
    throw new TaskloomError('bad_config', `No parameter matches '${idle}'.`, {
      name: 'training.learningRates',
      got: idle,
      expected: paths,
    });
}
