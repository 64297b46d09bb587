import type { HostArray, Tree } from '@taskloom/core';
import type { Layout } from '../passes/pack-state';
import { mapLeaves } from '../trace/leaves';
import { inputName, type Signature, stateName, type Trace } from '../trace/trace';
import type { GraphStage, HostStage, Program } from './program';
import type { Held, LoadedModel, Runtime, SessionOptions } from './runtime';
import { worthKeeping, worthThreads } from './work';

type Stage = Omit<GraphStage, 'model' | 'outputs' | 'largest'> & {
  readonly model: LoadedModel;
  readonly keep: string[];
  readonly read: string[];
};

/** A step for one signature of its inputs, loaded. */
export interface Ready {
  readonly stages: readonly (Stage | HostStage)[];
  readonly constants: ReadonlyMap<string, HostArray>;
  /** State that host calls or outputs want as it is before the step. */
  readonly readState: readonly string[];
  readonly nextState: ReadonlyMap<string, string>;
  readonly nextSignature: ReadonlyMap<string, Signature>;
  /** How the state must be arranged. */
  readonly layout: Layout;
  readonly outputs: Tree<string>;
}

/** Shapes and types of the state after a step. */
export function signatureOf({ nextState }: Trace): ReadonlyMap<string, Signature> {
  return new Map([...nextState].map(([path, { shape, dtype }]) => [path, { shape, dtype: dtype as Signature['dtype'] }]));
}

/** Runtimes that have an arena: sessions do not share theirs, and a step may come in many shapes and stages, so that only the first with large arrays has one. */
const keeping = new WeakSet<Runtime>();

/** Loads the models of a program and settles which of their outputs stay with the runtime and which are read. */
export async function loadStages(
  program: Program,
  known: Pick<Ready, 'layout' | 'nextSignature'>,
  runtime: Runtime,
  options: SessionOptions,
): Promise<Ready> {
  const wanted = new Set<string>(namesOf(program.outputs));
  const kept = new Set<string>(program.nextState.values());
  for (const stage of program.stages) for (const name of stage.inputs) (stage.kind === 'host' ? wanted : kept).add(name);
  const stages: (Stage | HostStage)[] = [];
  for (const stage of program.stages) {
    if (stage.kind === 'host') {
      stages.push(stage);
      continue;
    }
    const { kind, inputs, outputs, work, largest } = stage;
    try {
      const threads = work < worthThreads ? 1 : runtime.threads;
      const own = threads === undefined ? options : { intraOpNumThreads: threads, ...options };
      const arena = largest >= worthKeeping && !keeping.has(runtime);
      if (arena) keeping.add(runtime);
      const model = await runtime.load(stage.model, arena ? { ...own, enableCpuMemArena: true } : own);
      stages.push({
        kind,
        work,
        model,
        inputs,
        keep: outputs.filter((name) => kept.has(name)),
        read: outputs.filter((name) => wanted.has(name)),
      });
    } catch (error) {
      await release({ stages });
      throw error;
    }
  }
  return {
    stages,
    constants: program.constants,
    readState: [...wanted].filter((name) => name.startsWith(stateName(''))),
    nextState: program.nextState,
    outputs: program.outputs,
    ...known,
  };
}

export interface StepResult {
  readonly state: ReadonlyMap<string, Held>;
  readonly outputs: Tree<HostArray>;
}

/** One step. The runtime then holds the new state in place of the old one; after a failure it holds the old one. */
export async function runStep(
  { stages, constants, readState, nextState, outputs }: Ready,
  state: ReadonlyMap<string, Held>,
  inputs: ReadonlyMap<string, HostArray>,
  runtime: Runtime,
): Promise<StepResult> {
  const there = new Map([...state].map(([path, held]) => [stateName(path), held]));
  const given = new Map([...constants, ...[...inputs].map(([path, leaf]) => [inputName(path), leaf] as const)]);
  const here = new Map(given);
  const made: Held[] = [];
  const keep = (name: string, held: Held) => {
    there.set(name, held);
    made.push(held);
  };
  try {
    const early = readState.length > 0 ? await runtime.read(readState.map((name) => there.get(name)!)) : [];
    for (const [i, name] of readState.entries()) here.set(name, early[i]!);
    for (const stage of stages) {
      if (stage.kind === 'host') compute(stage, here);
      else {
        const feeds = stage.inputs.map((name) => [name, there.get(name) ?? here.get(name)!] as const);
        const results = await stage.model.run(feeds, stage.keep, stage.read);
        for (const [name, held] of results.kept) keep(name, held);
        for (const [name, array] of results.read) here.set(name, array);
      }
    }
    // What no model made: constants, inputs and host computations that become state.
    const taken = [...new Set(nextState.values())].filter((name) => !there.has(name));
    const arrays = taken.map((name) => copied(here.get(name)!));
    const held = arrays.length > 0 ? await runtime.hold(arrays) : [];
    for (const [i, name] of taken.entries()) keep(name, held[i]!);
  } catch (error) {
    runtime.free(made);
    throw error;
  }
  const next = new Map([...nextState].map(([path, name]) => [path, there.get(name)!]));
  const alive = new Set(next.values());
  runtime.free([...state.values(), ...made].filter((each) => !alive.has(each)));
  // Arrays that are not this step's own are copied, so that callers may do with outputs what they like.
  const output = (name: string) => (given.has(name) ? copied(given.get(name)!) : here.get(name)!);
  return { state: next, outputs: mapLeaves(outputs, output) };
}

export async function release({ stages }: Pick<Ready, 'stages'>): Promise<void> {
  for (const stage of stages) if (stage.kind === 'graph') await stage.model.release();
}

function compute({ inputs, outputs, compute }: HostStage, arrays: Map<string, HostArray>): void {
  const results = compute(inputs.map((name) => Float64Array.from(arrays.get(name)!.data)));
  for (const [i, { name, shape }] of outputs.entries()) arrays.set(name, { shape, dtype: 'float32', data: Float32Array.from(results[i]!) });
}

export function copied(array: HostArray): HostArray {
  return { ...array, data: array.data.slice() };
}

function namesOf(tree: Tree<string>): string[] {
  return typeof tree === 'string' ? [tree] : Object.values(tree).flatMap(namesOf);
}
