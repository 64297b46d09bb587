import type { Context, Encoding, Json, Module, Params, TableReads, Tree, TrunkStages } from '@taskloom/core';
import { TaskloomError, tablesWithin } from '@taskloom/core';
import { dense } from '@taskloom/core/modules';
import type { Tensor } from '@tensorflow/tfjs-core';
import { sigmoidGate, softGate } from './mixture';
import { type Mmoe, mmoe } from './mmoe';

/** Anything that encodes rows and knows how wide: trunks of `@taskloom/shared-encoder`, or your own. */
export interface GateableTrunk extends Module<Tree<Tensor>, Encoding> {
  readonly width: number;
  readonly kind?: string;
  readonly tokens?: boolean;
  readonly stages?: TrunkStages;
  readonly tables?: TableReads;
}

export interface GatedTrunkOptions {
  /** `softGate` and `sigmoidGate`: one gate for all tasks. `mmoe`: one for each. */
  readonly kind: 'softGate' | 'sigmoidGate' | 'mmoe';
  /** How many. */
  readonly experts: number;
  /** Units of each expert, a dense ReLU layer; the width of the result. */
  readonly expertWidth: number;
  /** For `mmoe`: in the order of `context.tasks.ids`, and of the trunk's own tasks if it has any. */
  readonly tasks?: readonly string[];
  /** Coefficient of the auxiliary loss `balance` (not `mmoe`). Default: no such loss. */
  readonly balance?: number;
}

export interface GatedTrunk extends Module<Tree<Tensor>, Encoding> {
  readonly kind: string;
  readonly width: number;
  readonly tokens: boolean;
  readonly stages?: TrunkStages;
  readonly tables?: TableReads;
}

/**
 * A trunk with a gated layer of experts on what it says: pooled vectors and tokens pass through the same experts. It is a trunk again; parameters
 * `{ trunk, gate }`. With `mmoe` experts are computed once for a row, and each of its tasks mixes them by its own gate.
 * Throws `unknown_gate`; `bad_option` for `mmoe` without `tasks`.
 */
export function gatedTrunk(trunk: GateableTrunk, options: GatedTrunkOptions): GatedTrunk {
  const { kind, expertWidth, tasks = trunk.stages?.tasks, balance } = options;
  const inputs = trunk.width;
  const experts = Object.fromEntries(
    Array.from({ length: options.experts }, (_, i) => [`expert${i + 1}`, dense({ inputs, units: expertWidth, activation: 'relu' })]),
  );
  const layer = layerOf();
  function layerOf(): Layer {
    switch (kind) {
      case 'softGate':
        return { once: softGate({ inputs, experts, balance }) };
      case 'sigmoidGate':
        return { once: sigmoidGate({ inputs, experts, balance }) };
      case 'mmoe':
        if (!tasks) throw new TaskloomError('bad_option', "'mmoe' has a gate for each task.", { name: 'tasks', got: 'nothing' });
        return { perTask: mmoe({ inputs, experts, tasks }) };
      default:
        throw new TaskloomError('unknown_gate', `There is no gate '${kind}'.`, {
          name: kind,
          expected: 'one of softGate, sigmoidGate, mmoe',
        });
    }
  }
  const gate = layer.once ?? layer.perTask;
  return {
    kind: 'gated',
    width: expertWidth,
    tokens: trunk.tokens ?? false,
    config: { kind: 'gated', trunk: trunk.config, gate: { ...options, tasks } } as Json,
    ...(trunk.tables && { tables: tablesWithin('trunk', trunk.tables) }),
    ...(trunk.buffers && { buffers: () => ({ trunk: trunk.buffers!() }) }),
    init: (random): Params => ({ trunk: trunk.init(random.fold('trunk')), gate: gate.init(random.fold('gate')) }),
    ...stagesOf(trunk, layer),
  };
}

type Layer =
  | { readonly once: Module<Tensor, Tensor>; readonly perTask?: undefined }
  | { readonly once?: undefined; readonly perTask: Mmoe };

/** Everything that does not depend on the task as early as possible. */
function stagesOf(trunk: GateableTrunk, { once, perTask }: Layer): Pick<GatedTrunk, 'apply' | 'stages'> {
  const inner = (params: Params) => (params.trunk ?? {}) as Params;
  const own = (params: Params) => params.gate as Params;
  const encode: GatedTrunk['apply'] = (params, inputs, context) => trunk.apply(inner(params), inputs, context.child('trunk'));
  const encodeOnce: TrunkStages['once'] = (params, inputs, context) => trunk.stages!.once(inner(params), inputs, context.child('trunk'));
  const encodeRest: TrunkStages['perTask'] = (params, rows, context) => trunk.stages!.perTask(inner(params), rows, context.child('trunk'));
  if (once) {
    const gated = (params: Params, encoding: Encoding, context: Context) =>
      mapEncoding(encoding, (x, name) => once.apply(own(params), x, inside(context, name)));
    return {
      apply: (params, inputs, context) => gated(params, encode(params, inputs, context), context),
      ...(trunk.stages && {
        stages: {
          tasks: trunk.stages.tasks,
          once: encodeOnce,
          perTask: (params, rows, context) => gated(params, encodeRest(params, rows, context), context),
        },
      }),
    };
  }
  const computed = (params: Params, encoding: Encoding, context: Context) => ({
    encoding,
    outputs: mapEncoding(encoding, (x, name) => perTask.compute(own(params), x, inside(context, name))),
  });
  const mixed = (params: Params, { encoding, outputs }: ReturnType<typeof computed>, context: Context) =>
    mapEncoding(encoding, (x, name) => perTask.mix(own(params), x, outputs[name]!, inside(context, name)));
  return {
    apply: (params, inputs, context) => mixed(params, computed(params, encode(params, inputs, context), context), context),
    stages: trunk.stages
      ? {
          tasks: perTask.tasks,
          once: encodeOnce,
          perTask: (params, rows, context) => mixed(params, computed(params, encodeRest(params, rows, context), context), context),
        }
      : {
          tasks: perTask.tasks,
          once: (params, inputs, context) => computed(params, encode(params, inputs, context), context) as unknown as Tree<Tensor>,
          perTask: (params, rows, context) => mixed(params, rows as unknown as ReturnType<typeof computed>, context),
        },
  };
}

/** Usage of pooled vectors is recorded under `gate`, that of tokens under `gate/tokens`. */
function inside(context: Context, name: 'pooled' | 'tokens'): Context {
  return name === 'pooled' ? context.child('gate') : context.child('gate').child('tokens');
}

function mapEncoding({ pooled, tokens, mask }: Encoding, f: (x: Tensor, name: 'pooled' | 'tokens') => Tensor): Encoding {
  return { pooled: f(pooled, 'pooled'), ...(tokens ? { tokens: f(tokens, 'tokens') } : {}), ...(mask ? { mask } : {}) };
}
