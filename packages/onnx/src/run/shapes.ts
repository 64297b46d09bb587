import type { Signature } from '../trace/trace';

/** What a step may have to say without failing. */
export interface CompileWarning {
  readonly code: 'large_constant' | 'many_shapes' | 'cache_unwritable';
  readonly message: string;
}

/** Names, types and shapes of leaves in one string. */
export function keyOf(leaves: ReadonlyMap<string, Signature>): string {
  let text = '';
  for (const [path, { dtype, shape }] of leaves) text += `${path}:${dtype}[${shape}];`;
  return text;
}

/** Remembers the shapes that a step was compiled for; from the fourth on it says which axis keeps changing: once for each doubling. */
export function shapeHistory(onWarning?: (warning: CompileWarning) => void): (now: ReadonlyMap<string, Signature>) => void {
  const seen: ReadonlyMap<string, Signature>[] = [];
  return (now) => {
    // Shapes only: the arrays are not kept.
    seen.push(new Map([...now].map(([path, { shape, dtype }]) => [path, { shape, dtype }])));
    const count = seen.length;
    if (count < 4 || (count & (count - 1)) !== 0) return;
    const changing: string[] = [];
    for (const [path, leaf] of now)
      for (const axis of leaf.shape.keys()) {
        const sizes = new Set(seen.map((past) => past.get(path)?.shape[axis]));
        if (sizes.size > 1) changing.push(`axis ${axis} of '${path}' (${[...sizes].slice(0, 4).join(', ')}, …)`);
      }
    onWarning?.({
      code: 'many_shapes',
      message: `The step was compiled for ${count} shapes: ${changing.join('; ') || 'its state'} keeps changing. Pad to a few lengths.`,
    });
  };
}
