import { nodesOf, type Value } from '../graph/value';
import { largeConstant } from '../trace/backend';
import { mapLeaves } from '../trace/leaves';
import type { Trace } from '../trace/trace';

/** What is to be said of the constants above 1 MB that the results of a step need. */
export function largeConstants({ nextState, outputs, sources }: Trace): string[] {
  const roots: Value[] = [...nextState.values()];
  mapLeaves(outputs, (value) => void roots.push(value));
  const found = new Map<object, string>();
  for (const value of [...roots, ...nodesOf(roots).flatMap(({ inputs }) => inputs)]) {
    if (value?.constant?.kind !== 'array') continue;
    const { data } = value.constant;
    if (data.byteLength <= largeConstant || found.has(data)) continue;
    const source = sources.get(data);
    const size = `[${value.shape.join(', ')}] of ${(data.byteLength / largeConstant).toFixed(1)} MB`;
    found.set(data, `A tensor ${size}${source ? ` (${source})` : ''} is a constant of the compiled step; pass it as an input or as state.`);
  }
  return [...found.values()];
}
