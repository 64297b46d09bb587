import { add, type Scalar, type Tensor, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core';
import { TaskloomError } from './error';
import type { Json } from './host-array';
import { isLeaf, merge, type Params, unflatten } from './params';
import type { Random } from './random';

/** A part of a model as a pure function over a tree of parameters. */
export interface Module<I, O, P extends Params = Params> {
  /** Enough to build it again, as plain JSON. */
  readonly config: Json;
  /** Fresh parameters; the caller owns them. */
  init(random: Random): P;
  /** Fresh state that is not learned (moving statistics): kept out of gradients, decay and MAML. */
  buffers?(): Params;
  /** Differentiable any number of times, traceable, no side effects but through `context`. Sub-modules get `params[name]` and `context.child(name)`. */
  apply(params: P, input: I, context: Context): O;
}

/** Per row, which task it is for: data, so that one trace serves every task. `ids` int32 [rows]; `vectors` [rows, width]. */
export type TaskInput = { readonly ids: Tensor1D } | { readonly vectors: Tensor2D };

/** What a pass carries down and collects on its way. */
export interface Context {
  readonly training: boolean;
  readonly tasks?: TaskInput;
  /** The context of a sub-module: its path, random stream and buffers. */
  child(name: string): Context;
  /** A stream of this module's own; each call gives another one. Throws `random_missing` if the pass has none. */
  random(): Random;
  buffer(name: string): Tensor;
  update(name: string, value: Tensor): void;
  /** An auxiliary loss; several of one name are added. */
  loss(name: string, value: Scalar): void;
  /** Telemetry (gate usage, attention); of several of one path the last stays. */
  record(name: string, value: Tensor): void;
}

export interface RunOptions {
  readonly training?: boolean;
  readonly random?: Random;
  readonly buffers?: Params;
  readonly tasks?: TaskInput;
}

export interface RunResult<O> {
  readonly output: O;
  /** The buffers given, with those the pass has updated. */
  readonly buffers: Params;
  /** Auxiliary losses by path. */
  readonly losses: { readonly [path: string]: Scalar };
  readonly records: { readonly [path: string]: Tensor };
}

/** Runs one pass of a module. Wrap in `tidy`, or own what comes back. */
export function run<I, O, P extends Params>(module: Module<I, O, P>, params: P, input: I, options: RunOptions = {}): RunResult<O> {
  const { training = false, random, buffers = {}, tasks } = options;
  const updates = new Map<string, Tensor>();
  const losses: Record<string, Scalar> = {};
  const records: Record<string, Tensor> = {};
  const drawn = new Map<string, number>();

  const at = (path: string): Context => {
    const join = (name: string) => (path === '' ? name : `${path}/${name}`);
    return {
      training,
      tasks,
      child: (name) => at(join(name)),
      random() {
        if (!random)
          throw new TaskloomError('random_missing', `'${path || 'the module'}' needs random numbers, and this pass has none.`, {
            name: path,
            remedy: 'Pass { random } to run().',
          });
        const nth = drawn.get(path) ?? 0;
        drawn.set(path, nth + 1);
        return random.fold(path).fold(nth);
      },
      buffer(name) {
        const full = join(name);
        const value = updates.get(full) ?? lookUp(buffers, full);
        if (!value)
          throw new TaskloomError('buffer_missing', `There is no buffer '${full}'.`, {
            name: full,
            remedy: 'Pass { buffers: module.buffers() } to run().',
          });
        return value;
      },
      update: (name, value) => void updates.set(join(name), value),
      loss(name, value) {
        const full = join(name);
        const before = losses[full];
        losses[full] = before ? add(before, value) : value;
      },
      record(name, value) {
        records[join(name)] = value;
      },
    };
  };

  const output = module.apply(params, input, at(''));
  return { output, buffers: updates.size === 0 ? buffers : merge(buffers, unflatten(updates)), losses, records };
}

function lookUp(tree: Params, path: string): Tensor | undefined {
  let node: Tensor | Params | undefined = tree;
  for (const name of path.split('/')) {
    if (node === undefined || isLeaf(node)) return undefined;
    node = Object.hasOwn(node, name) ? node[name] : undefined;
  }
  return node !== undefined && isLeaf(node) ? (node as Tensor) : undefined;
}
