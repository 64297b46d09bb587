import { optimized } from '../passes';
import { horizontallyFused } from '../passes/horizontal-fusion';
import { type Layout, packState } from '../passes/pack-state';
import { rematerialized } from '../passes/rematerialize';
import { mapLeaves } from '../trace/leaves';
import type { Trace } from '../trace/trace';
import { type Program, program } from './program';

/** A trace as models that run, and how its state is arranged for them. */
export interface Lowered {
  readonly program: Program;
  readonly layout: Layout;
}

/** Runs the passes and writes the models. `layout` is that of an earlier trace, with which the state is arranged already. */
export function lowered(trace: Trace, layout: Layout | undefined): Lowered {
  const { trace: packed, layout: arranged } = packState(optimized(horizontallyFused(trace)), layout);
  const last = rematerialized(packed);
  return { program: program(last, (nameOf) => mapLeaves(last.outputs, nameOf)), layout: arranged };
}
