import {
  addParams,
  type Balancer,
  type Branch,
  disposeParams,
  flatten,
  jacobianMemory,
  type MultiTaskModel,
  type MultiTaskParams,
  mapParams,
  matcher,
  merge,
  type Optimizer,
  type Params,
  type Pattern,
  random,
  select,
  TaskloomError,
  type Tree,
  zipParams,
} from '@taskloom/core';
import { clipByGlobalNorm } from '@taskloom/core/optimizers';
import {
  add,
  addN,
  cast,
  div,
  equal,
  minimum,
  mul,
  type Scalar,
  scalar,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  tidy,
} from '@tensorflow/tfjs-core';
import { balancedGradients } from './balanced-gradients';
import { featureGradients } from './feature-gradients';
import { zero } from './forward';
import type { RowBalancing } from './row-balancing';
import { lossesWith, type MicroBatch, summedGradients, type Total, type Trainable } from './summed-gradients';

/** What the engine keeps between steps. `balancing` holds a scalarization's parameters or a Jacobian method's rows, `ema` the moving average; both may be empty. `tables` is empty in the engine: outside it is what the host's optimiser keeps of tables. */
export interface StepState {
  readonly [name: string]: Params;
  readonly params: MultiTaskParams;
  readonly buffers: Params;
  readonly optimizer: Params;
  readonly balancing: Params;
  readonly ema: Params;
  readonly tables: Params;
}

/** Everything that varies from step to step. */
export interface StepInputs {
  readonly batches: { readonly [index: string]: MicroBatch };
  /** int32 [2]. */
  readonly key: Tensor1D;
  /** float32 [], counted from 0. */
  readonly step: Scalar;
  readonly learningRate: Scalar;
  /** By the names of the parameters: tables of the rows that the batches name. */
  readonly tables?: Params;
}

export interface StepOutputs {
  readonly [name: string]: Tree<Tensor>;
  readonly losses: Tensor1D;
  readonly weights: Tensor1D;
  readonly total: Scalar;
  readonly gradientNorm: Scalar;
  /** 1 if losses and gradient are finite; if 0, the new state is spoilt. */
  readonly finite: Scalar;
  /** Gradients with respect to the tables of the inputs. */
  readonly tables: Params;
}

export interface StepOptions {
  readonly model: MultiTaskModel;
  readonly tasks: readonly string[];
  readonly optimizer: Optimizer;
  readonly balancing: Total | RowBalancing;
  /** Paths of what is trained. */
  readonly wrt: Pattern;
  readonly ema?: number;
  /** Greatest norm of the gradient over all that is trained. */
  readonly clipNorm?: number;
  /** Micro-batches per update. */
  readonly accumulate: number;
  /** Also run the same rows through the new parameters: `outputs.lossesAfter` [tasks]. Default: false. */
  readonly lossesAfter?: boolean;
}

/** The update as one pure function of state and inputs: gradients of the balanced losses, the optimiser, the moving average. */
export function trainingStep({ model, tasks, optimizer, balancing, wrt, ema, clipNorm, accumulate, lossesAfter }: StepOptions) {
  return (state: StepState, fed: Branch<Tensor>): { state: StepState; outputs: StepOutputs } => {
    const inputs = fed as unknown as StepInputs;
    const byRows = typeof balancing === 'object' && !('kind' in balancing) && !('beforehand' in balancing) ? balancing : undefined;
    const { tables = {} } = inputs;
    const params = merge(state.params, tables);
    const trainable: Trainable = { ...params, ...(!byRows && hasLeaves(state.balancing) ? { balancing: state.balancing } : {}) };
    const trained = trainedBy(wrt);
    const given = {
      model,
      tasks,
      trainable,
      buffers: state.buffers,
      batches: Array.from({ length: accumulate }, (_, i) => inputs.batches[i]!),
      random: random(inputs.key),
      wrt: trained,
    };
    const { gradients, losses, total, weights, buffers, memory } = byRows
      ? byRows.at === 'features'
        ? featureGradients(given, byRows)
        : balancedGradients(given, byRows, state.balancing)
      : summedGradients(given, balancing as Total);

    const info = { step: inputs.step, learningRate: inputs.learningRate };
    const limited =
      clipNorm === undefined ? gradients : clipByGlobalNorm(clipNorm).update(gradients, {}, trainable as Params, info).updates;
    // What is learned here; the host moves the tables.
    const onHost = flatten(tables);
    const here = (path: string) => !onHost.has(path);
    const learned = select(trainable, (path) => trained(path) && here(path));
    const { updates, state: optimizerState } = optimizer.update(select(limited, here), state.optimizer, learned, info);
    const next = addParams(learned, updates);
    const { balancing: parameters = {}, ...moving } = next as Trainable;
    const gradientNorm = sqrt(sumOfSquares(gradients)) as Scalar;
    const finite = isNumber(add(add(total, sum(losses)), gradientNorm));
    const moved = merge(state.params, moving) as MultiTaskParams;
    return {
      state: {
        params: moved,
        buffers,
        optimizer: optimizerState,
        balancing: memory ?? parameters,
        ema: ema === undefined ? {} : movingAverage(ema, state.ema, moving as Params, inputs.step),
        tables: {},
      },
      outputs: {
        losses,
        weights,
        total,
        gradientNorm,
        finite: cast(finite, 'float32') as Scalar,
        tables: select(limited, (path) => !here(path)),
        ...(lossesAfter ? { lossesAfter: lossesWith(moved, given) } : {}),
      },
    };
  };
}

/** The state of step 0; tensors of `params` and `buffers` are taken over. */
export function initialState(
  {
    optimizer,
    balancer,
    wrt,
    ema,
    tasks,
    hasTables = false,
  }: Pick<StepOptions, 'optimizer' | 'wrt' | 'ema' | 'tasks'> & {
    readonly balancer?: Balancer;
    /** Shared parameters are trained that are not among `params`. */
    readonly hasTables?: boolean;
  },
  { params, buffers }: { readonly params: MultiTaskParams; readonly buffers: Params },
): StepState {
  const trained = trainedBy(wrt);
  const shared = select({ shared: params.shared }, trained);
  const balancing = tidy((): Params => {
    if (balancer?.kind === 'scalarization') return balancer.init(tasks);
    return balancer?.kind === 'jacobian-method' && hasLeaves(shared) ? jacobianMemory(balancer, shared.shared as Params, tasks.length) : {};
  });
  const learned = select({ ...params, ...(balancer?.kind === 'scalarization' && hasLeaves(balancing) ? { balancing } : {}) }, trained);
  const needsShared = balancer?.kind === 'gradient-balancer' || balancer?.kind === 'jacobian-method';
  if (!hasTables && (!hasLeaves(learned) || (needsShared && !hasLeaves(shared)))) {
    for (const tree of [params, buffers, balancing]) disposeParams(tree);
    throw new TaskloomError(
      'nothing_to_train',
      hasLeaves(learned) ? `'${balancer!.name}' balances shared parameters, and none is trained.` : 'No parameter is trained.',
      { name: 'wrt', remedy: "Check 'wrt' and 'freeze' against the names in the parameters." },
    );
  }
  return {
    params,
    buffers,
    optimizer: tidy(() => optimizer.init(learned)),
    balancing,
    ema: ema === undefined ? {} : mapParams(select(params, trained), (leaf) => leaf.clone()),
    tables: {},
  };
}

/** A scalarization's parameters are always trained. */
function trainedBy(wrt: Pattern): (path: string) => boolean {
  const selected = matcher(wrt);
  return (path) => path.startsWith('balancing/') || selected(path);
}

/** d·average + (1 − d)·params with d = min(decay, (1 + t)/(10 + t)), so that early steps don't weigh the start down. */
function movingAverage(decay: number, average: Params, params: Params, step: Scalar): Params {
  const d = minimum(scalar(decay), div(add(step, 1), add(step, 10)));
  return zipParams(average, [params], ([a, p]) => add(p!, mul(d, sub(a!, p!))));
}

function sumOfSquares(tree: Params): Scalar {
  return addN([zero(), ...[...flatten(tree).values()].map((leaf) => sum(square(leaf)))]) as Scalar;
}

/** x − x = 0 holds for finite numbers only. */
function isNumber(x: Tensor): Tensor {
  return equal(sub(x, x), 0);
}

function hasLeaves(tree: Params): boolean {
  return Object.keys(tree).length > 0;
}
