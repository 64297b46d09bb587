import type { Graph } from '../graph/graph';
import { nodesOf, sameShape, sizeOf, splatOf, type Value } from '../graph/value';
import { mapLeaves } from '../trace/leaves';
import { stateName, type Trace } from '../trace/trace';
import { isElementwise, joinSlices, lanesOf } from './lanes';
import { rewriteTrace } from './rewrite';

/** Where the small leaves of the state stand in one vector. */
export interface Layout {
  readonly members: readonly { readonly path: string; readonly shape: readonly number[]; readonly offset: number }[];
  /** Members of a group become their next values by the same operators. */
  readonly groups: readonly (readonly string[])[];
  readonly size: number;
}

/** The path of that vector. No leaf has it, since names have no '/'. */
export const packedPath = '/';

/** Elements up to which a leaf is packed: each step copies those that are. */
const small = 16_384;
/** Elements of the vector at most: nothing above 32 MB goes anywhere in one piece. */
export const largestPacked = 2 ** 23;
/** How far back two updates are compared. */
const depth = 4;

/**
 * The same step with the small leaves of its state in one vector, so that the optimiser runs once over all of them: without this a parameter costs some
 * fifteen operators and three arrays a step, however small it is. `layout` is that of an earlier trace, with which the state is arranged already.
 */
export function packState(trace: Trace, layout = layoutOf(trace)): { readonly trace: Trace; readonly layout: Layout } {
  if (layout.members.length === 0) return { trace, layout };
  const { graph } = trace;
  const packed = graph.input(stateName(packedPath), [layout.size], 'float32');
  const inputs = inputsOf(graph);
  const pieces = new Map<Value, Value>();
  for (const { path, shape, offset } of layout.members) {
    const value = inputs.get(stateName(path));
    if (value) pieces.set(value, graph.reshape(graph.slice(packed, [offset], [offset + sizeOf(shape)], [0]), shape));
  }
  const { nextState, outputs } = rewriteTrace(trace, [], pieces);
  const next = new Map(nextState);

  const lanes = lanesOf(graph);
  const together = joinSlices(
    graph,
    layout.groups.map((group) => lanes(group.map((path) => next.get(path)!))),
  );
  for (const { path } of layout.members) next.delete(path);
  next.set(packedPath, together);
  return { trace: { ...trace, nextState: next, outputs }, layout };
}

/** Small leaves, at least two of which are updated alike, with those side by side. */
function layoutOf({ graph, nextState, outputs }: Trace): Layout {
  const inputs = inputsOf(graph);
  const roots = [...nextState.values()];
  mapLeaves(outputs, (value) => void roots.push(value));
  // A host computation reads what comes in without a stage before it.
  const onHost = new Set(nodesOf(roots).flatMap((node) => (node.host ? node.inputs : [])));
  const groups = new Map<string, string[]>();
  for (const path of [...nextState.keys()].sort()) {
    const value = nextState.get(path)!;
    const before = inputs.get(stateName(path));
    if (!before || !value.producer || value.dtype !== 'float32' || before.dtype !== 'float32') continue;
    if (!sameShape(value.shape, before.shape) || sizeOf(value.shape) > small || sizeOf(value.shape) === 0 || onHost.has(before)) continue;
    const form = formOf(value, value.shape, depth);
    groups.set(form, [...(groups.get(form) ?? []), path]);
  }
  const alike = within(
    [...groups.values()].filter((group) => group.length > 1),
    (path) => sizeOf(nextState.get(path)!.shape),
  );
  let size = 0;
  const members = alike.flat().map((path) => {
    const { shape } = nextState.get(path)!;
    const offset = size;
    size += sizeOf(shape);
    return { path, shape, offset };
  });
  return { members, groups: alike, size };
}

/** As much of the groups as the vector may hold: of each the same share from its beginning, so that parameters stay with their moments. */
function within(groups: readonly (readonly string[])[], size: (path: string) => number): (readonly string[])[] {
  const total = (paths: readonly string[]) => paths.reduce((sum, path) => sum + size(path), 0);
  if (total(groups.flat()) <= largestPacked) return [...groups];
  const share = largestPacked / groups.length;
  return groups
    .map((group) => {
      let end = 0;
      for (let left = share; end < group.length; end++) {
        left -= size(group[end]!);
        if (left < 0) break;
      }
      return group.slice(0, end);
    })
    .filter((group) => group.length > 1);
}

/**
 * How the state comes into a value: the element-wise operators behind it, to some depth, as far as they lead back to the state, with the numbers in them and what all elements share.
 * Gradients come about in many ways, and only their place matters.
 */
function formOf(value: Value, shape: readonly number[], depth: number): string {
  const splat = splatOf(value);
  if (splat !== undefined) return String(splat);
  if (!sameShape(value.shape, shape)) return `#${value.id}`;
  if (value.input?.startsWith(stateName(''))) return 'state';
  const node = value.producer;
  if (!node || depth === 0 || !isElementwise(node)) return '·';
  const operands = node.inputs.map((input) => formOf(input!, shape, depth - 1));
  return operands.some((operand) => operand.includes('state')) ? `${node.op}(${operands.join()})` : '·';
}

function inputsOf(graph: Graph): ReadonlyMap<string, Value> {
  return new Map(graph.inputs.map((value) => [value.input!, value]));
}
