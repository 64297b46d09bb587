import type { Signature } from '../trace/trace';

/** What a step may have to say without failing. */
export interface CompileWarning {
  readonly code: 'large_constant' | 'many_shapes' | 'cache_unwritable';
  readonly message: string;
  /** With `many_shapes`: how many the step was compiled for by now. */
  readonly shapes?: number;
}

/** A training step has many inputs, and most change with one another. */
const named = 4;

/** Names, types and shapes of leaves in one string. */
export function keyOf(leaves: ReadonlyMap<string, Signature>): string {
  let text = '';
  for (const [path, { dtype, shape }] of leaves) text += `${path}:${dtype}[${shape}];`;
  return text;
}

/** Notes the shapes that a step is compiled for; from the fourth on it says which axis keeps changing: once for each doubling. */
export function shapeHistory(onWarning?: (warning: CompileWarning) => void): (now: ReadonlyMap<string, Signature>) => void {
  /** The first sizes of each axis. */
  const sizes = new Map<string, Set<number>>();
  let count = 0;
  return (now) => {
    for (const [path, { shape }] of now)
      for (const [axis, size] of shape.entries()) {
        const name = `axis ${axis} of '${path}'`;
        const seen = sizes.get(name) ?? new Set();
        if (seen.size < 4) sizes.set(name, seen.add(size));
      }
    count++;
    if (count < 4 || (count & (count - 1)) !== 0) return;
    const changing = [...sizes].filter(([, seen]) => seen.size > 1).sort(([, a], [, b]) => b.size - a.size);
    const most = changing.slice(0, named).map(([name, seen]) => `${name} (${[...seen].join(', ')}, …)`);
    const more = changing.length > named ? [`${changing.length - named} more`] : [];
    onWarning?.({
      code: 'many_shapes',
      message: `The step was compiled for ${count} shapes: ${[...most, ...more].join('; ') || 'its state'} keeps changing. Pad to a few lengths.`,
      shapes: count,
    });
  };
}
