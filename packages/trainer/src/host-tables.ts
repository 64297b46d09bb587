import {
  type Branch,
  disposeParams,
  type EmbeddingTable,
  embeddingTable,
  flatten,
  type Host,
  type HostArray,
  hostArray,
  isHostArray,
  type MultiTaskParams,
  merge,
  type Params,
  type RowStep,
  select,
  type TableRead,
  TaskloomError,
  toTensor,
  unflatten,
} from '@taskloom/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Plan } from './plan';
import type { StepState } from './step';
import type { HostMicroBatch } from './step-batches';

type Batches = { readonly [index: string]: HostMicroBatch };

/** The embedding tables of a model that a step sees only the rows of. Of their parameters, everything outside the step knows as if they were like others. */
export interface HostTables {
  /** Paths in the tree of parameters; none where all parameters are the step's. */
  readonly paths: ReadonlySet<string>;
  /** The batches with ids of rows of `tables`, and what to do with the gradient with respect to `tables`. */
  view(batches: Batches): {
    readonly batches: Batches;
    readonly tables: Branch<HostArray>;
    update(gradients: Branch<HostArray>, step: RowStep): void;
  };
  /** A state that the engine gives, with the tables' own. */
  within(state: Host<StepState>): Host<StepState>;
  /** The parameters with copies of the tables. */
  among(params: MultiTaskParams): MultiTaskParams;
  /** Path, type and shape of what `within` adds. */
  forms(): ReadonlyMap<string, Pick<HostArray, 'dtype' | 'shape'>>;
  /** Goes on from a saved state, whose leaves have been found to be right. */
  load(leaves: ReadonlyMap<string, HostArray>): void;
}

/** Takes the tables that are trained by their rows out of `params`, and disposes of them there. */
export function hostTables(
  { model, tableOptimizer, wrt }: Pick<Plan, 'model' | 'tableOptimizer' | 'wrt'>,
  params: MultiTaskParams,
): { readonly tables: HostTables; readonly rest: MultiTaskParams } {
  const reads = new Map<string, TableRead>(
    Object.entries((tableOptimizer && model.trunk.tables) ?? {}).flatMap(([path, read]) =>
      wrt(`shared/${path}`) ? [[`shared/${path}`, read] as const] : [],
    ),
  );
  const own = flatten(select(params, (path) => reads.has(path)));
  const missing = [...reads.keys()].find((path) => !own.has(path));
  if (missing !== undefined) {
    const got = [...flatten(params).keys()];
    disposeParams(params);
    throw new TaskloomError('structure_mismatch', 'The trunk declares a table that the parameters lack.', { name: missing, got });
  }
  const byPath = new Map(
    [...own].map(([path, leaf]): [string, EmbeddingTable] => [
      path,
      embeddingTable({ values: hostArray(leaf.dataSync() as Float32Array, [...leaf.shape]), optimizer: tableOptimizer! }),
    ]),
  );
  disposeParams(unflatten(own));
  const rest = own.size === 0 ? params : ({ shared: {}, tasks: {}, ...select(params, (path) => !own.has(path)) } as MultiTaskParams);
  const fields = Object.keys(tableOptimizer?.fields ?? {});
  return { rest, tables: tablesOf(byPath, reads, fields) };
}

function tablesOf(
  byPath: ReadonlyMap<string, EmbeddingTable>,
  reads: ReadonlyMap<string, TableRead>,
  fields: readonly string[],
): HostTables {
  const tree = <Leaf extends Tensor | HostArray>(leaf: (table: EmbeddingTable, path: string) => Leaf) =>
    unflatten([...byPath].map(([path, table]) => [path, leaf(table, path)] as const) as never) as Branch<Leaf>;
  return {
    paths: new Set(byPath.keys()),
    view(batches) {
      let seen = batches;
      const views = new Map(
        [...byPath].map(([path, table]) => {
          const { inputs: names, pooled } = reads.get(path)!;
          const places = Object.keys(seen).flatMap((index) => names.map((name) => ({ index, name })));
          const view = table.view(
            places.map(({ index, name }) => idsIn(seen[index]!, name)),
            { pooled },
          );
          for (const [i, { index, name }] of places.entries()) seen = withIds(seen, index, name, view.ids[i]!);
          return [path, view] as const;
        }),
      );
      return {
        batches: seen,
        tables: tree((_, path) => views.get(path)!.output),
        update(gradients, step) {
          for (const [path, gradient] of flatten<HostArray>(gradients)) views.get(path)!.update(gradient, step);
        },
      };
    },
    within(state) {
      if (byPath.size === 0) return state;
      const read = new Map([...byPath].map(([path, table]) => [path, table.read()]));
      return {
        ...state,
        params: merge(state.params as unknown as Params, tree((_, path) => read.get(path)!.values) as unknown as Params) as never,
        tables: Object.fromEntries(fields.map((field) => [field, tree((_, path) => read.get(path)!.state[field]!)])) as never,
      };
    },
    among: (params) => merge(params, tree((table) => toTensor(table.read().values)) as Params),
    forms: () =>
      new Map(
        [...byPath].flatMap(([path, { size, width }]) =>
          [`params/${path}`, ...fields.map((field) => `tables/${field}/${path}`)].map(
            (each) => [each, { dtype: 'float32' as const, shape: [size, width] }] as const,
          ),
        ),
      ),
    load(leaves) {
      for (const [path, table] of byPath)
        table.load({
          values: leaves.get(`params/${path}`)!,
          state: Object.fromEntries(fields.map((field) => [field, leaves.get(`tables/${field}/${path}`)!])),
        });
    },
  };
}

function idsIn({ inputs }: HostMicroBatch, name: string): HostArray {
  const ids = isHostArray(inputs) ? undefined : inputs[name];
  if (isHostArray(ids)) return ids;
  throw new TaskloomError('input_missing', `There are no ids '${name}' among the inputs.`, {
    name,
    got: isHostArray(inputs) ? 'one array' : Object.keys(inputs),
  });
}

function withIds(batches: Batches, index: string, name: string, ids: HostArray): Batches {
  const batch = batches[index]!;
  return { ...batches, [index]: { ...batch, inputs: { ...(batch.inputs as Branch<HostArray>), [name]: ids } } };
}
