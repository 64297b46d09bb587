import { nodesOf, type Value } from '../graph/value';
import type { Layout } from '../passes/pack-state';
import { mapLeaves } from '../trace/leaves';
import type { Trace } from '../trace/trace';
import { type KeptFiles, sha256 } from './kept-files';
import type { Lowered } from './lowered';
import type { GraphStage, HostStage, Program } from './program';

/** Asked for when it is needed, so that browsers can load this file. */
const builtIn = <Name extends 'node:fs/promises' | 'node:url' | 'node:v8'>(name: Name) => process.getBuiltinModule(name);

/** Programs of former traces. */
export interface Programs {
  /** That of this trace, with the state arranged so if that is settled: from the folder, or what `make` gives, which is then kept. */
  of(trace: Trace, layout: Layout | undefined, make: () => Lowered): Promise<Lowered>;
}

/** A program as data: of a host computation, which of the trace's it is. */
interface Kept {
  readonly program: Omit<Program, 'stages'> & {
    readonly stages: readonly (GraphStage | (Omit<HostStage, 'compute'> & { compute: number }))[];
  };
  readonly layout: Layout;
}

/** Programs in a folder, by all that is in their trace and by the code that makes programs. */
export function keptPrograms(files: KeptFiles): Programs {
  return {
    async of(trace, layout, make) {
      const code = await codeOfThis();
      if (!code) return make();
      const { serialize, deserialize } = builtIn('node:v8');
      const roots = rootsOf(trace);
      const key = sha256(code, ...trace.graph.record(), JSON.stringify([process.versions.v8, roots.ids, layout ?? null]));
      const hosts = nodesOf(roots.values).flatMap(({ host }) => (host ? [host] : []));
      const found = await files.find(key);
      if (found) {
        const { program, layout: kept } = deserialize(found) as Kept;
        const stages = program.stages.map((stage) => (stage.kind === 'host' ? { ...stage, compute: hosts[stage.compute]! } : stage));
        return { program: { ...program, stages }, layout: layout ?? kept };
      }
      const made = make();
      const stages = made.program.stages.map((stage) =>
        stage.kind === 'host' ? { ...stage, compute: hosts.indexOf(stage.compute) } : stage,
      );
      const kept: Kept = { program: { ...made.program, stages }, layout: made.layout };
      await files.keep(key, async () => serialize(kept));
      return made;
    },
  };
}

/** The values that a trace returns, and where. */
function rootsOf({ nextState, outputs }: Trace): { readonly values: readonly Value[]; readonly ids: unknown } {
  const values: Value[] = [...nextState.values()];
  const places = mapLeaves(outputs, (value) => {
    values.push(value);
    return value.id;
  });
  return { values, ids: [[...nextState].map(([path, { id }]) => [path, id]), places] };
}

let code: Promise<Uint8Array | undefined> | undefined;

/** This file as it runs. In a build it names the parts that it imports by their content, so that the passes and all else that makes programs are in it. Undefined where it cannot be read. */
function codeOfThis(): Promise<Uint8Array | undefined> {
  code ??= (async () => sha256(await builtIn('node:fs/promises').readFile(builtIn('node:url').fileURLToPath(import.meta.url))))().catch(
    () => undefined,
  );
  return code;
}
