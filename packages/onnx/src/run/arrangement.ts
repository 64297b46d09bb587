import { type HostArray, hostArray } from '@taskloom/core';
import { sizeOf } from '../graph/value';
import { type Layout, packedPath } from '../passes/pack-state';
import type { Held, Runtime } from './runtime';

type State = ReadonlyMap<string, Held>;

/** The state that a runtime holds for a step: leaf by leaf, or with the small ones in one vector. Outside it is known by its leaves. */
export function arrangement(runtime: Runtime) {
  let state: State = new Map();
  /** Of the vector; undefined while there is none. */
  let packed: Layout | undefined;

  /** The arrays are taken over. */
  const hold = async (arrays: ReadonlyMap<string, HostArray>): Promise<State> => {
    const held = await runtime.hold([...arrays.values()]);
    return new Map([...arrays.keys()].map((path, i) => [path, held[i]!]));
  };
  const readOf = async (paths: readonly string[]): Promise<ReadonlyMap<string, HostArray>> => {
    const arrays = await runtime.read(paths.map((path) => state.get(path)!));
    return new Map(paths.map((path, i) => [path, arrays[i]!]));
  };
  /** What is in `paths` gives its place to `arrays`. */
  const exchange = async (paths: readonly string[], arrays: ReadonlyMap<string, HostArray>) => {
    const held = await hold(arrays);
    runtime.free(paths.map((path) => state.get(path)!));
    state = new Map([...[...state].filter(([path]) => !paths.includes(path)), ...held]);
  };

  return {
    /** The leaves are taken over. */
    async replace(leaves: ReadonlyMap<string, HostArray>): Promise<void> {
      const next = await hold(leaves);
      runtime.free([...state.values()]);
      [state, packed] = [next, undefined];
    },
    /** Copies of the leaves. */
    async read(): Promise<ReadonlyMap<string, HostArray>> {
      const arrays = await readOf([...state.keys()]);
      return packed ? new Map([...arrays, ...unpacked(arrays.get(packedPath)!, packed)]) : arrays;
    },
    /** The state as a step with this layout wants it. */
    async arranged(layout: Layout): Promise<State> {
      if (packed === layout || (!packed && layout.members.length === 0)) return state;
      if (packed) {
        await exchange([packedPath], unpacked((await readOf([packedPath])).get(packedPath)!, packed));
        packed = undefined;
      }
      if (layout.members.length > 0) {
        const paths = layout.members.map(({ path }) => path);
        await exchange(paths, new Map([[packedPath, together(await readOf(paths), layout)]]));
        packed = layout;
      }
      return state;
    },
    /** After a step: the runtime has freed what was before. */
    become(next: State): void {
      state = next;
    },
  };
}

function together(arrays: ReadonlyMap<string, HostArray>, { members, size }: Layout): HostArray {
  const data = new Float32Array(size);
  for (const { path, offset } of members) data.set(arrays.get(path)!.data, offset);
  return hostArray(data);
}

function unpacked({ data }: HostArray, { members }: Layout): Map<string, HostArray> {
  return new Map(
    members.map(({ path, shape, offset }) => [path, hostArray((data as Float32Array).slice(offset, offset + sizeOf(shape)), [...shape])]),
  );
}
