import { TaskloomError } from '@taskloom/core';
import {
  type BackendValues,
  type DataType,
  engine,
  findBackendFactory,
  getBackend,
  getKernel,
  KernelBackend,
  rand,
  registerBackend,
  registerKernel,
  type Tensor,
  type TensorInfo,
  tidy,
  Variable,
  version_core,
} from '@tensorflow/tfjs-core';
import type { Graph } from '../graph/graph';
import { arrayOf, type ElementType, type Value } from '../graph/value';
import { kernelRules } from '../rules';
import { callerOf } from './caller';
import { explained, frozenRandom } from './refusal';

/*
 * The one file that knows the engine of TensorFlow.js beyond what everybody may call (`registerBackend`, `registerKernel`, `KernelBackend`,
 * `engine().runKernel`, `engine().gradients`), but for `recording` of core, which reads `engine().state.gradientDepth`. It relies on:
 * - `engine().setBackend`, declared async, having done its work when it returns, for a backend without asynchronous start, with `engine().backend` set;
 * - `engine().moveData` handing a tensor of another backend to `move`;
 * - `engine().state.activeScope` having the name of the op that runs.
 * `checkEngine`, `enter` and `valueBehind` check all of it, where it is used. Tested on 4.22.0 and 4.23.0-rc.0.
 */

let backendName = 'taskloom-trace';
const inputKernel = 'TaskloomTraceInput';
/** Ops of TensorFlow.js that draw numbers on the host: with a seed they do not ask `Math.random`. Within an op the scope has its name. */
const randomOp = /^(rand|random[A-Z]\w*|truncatedNormal)(?=__op$)/;

/** Bytes from which a constant is told of. */
export const largeConstant = 1024 * 1024;

type Constant = ArrayLike<number> & ArrayBufferView;

/** The values behind the tensors of one trace at a time. Abstract ones cannot be read; constants can. */
class TraceBackend extends KernelBackend {
  graph: Graph | undefined;
  /** Where the elements of large constants are from. */
  sources = new Map<object, string>();
  /** Why a value that was asked for later on will not come. */
  refused: unknown;
  readonly #values = new WeakMap<object, { value?: Value; data?: Constant; references: number }>();
  #count = 0;

  /** The data id of a value. */
  hold(value: Value): object {
    const id = {};
    this.#values.set(id, { value, references: 1 });
    this.#count++;
    return id;
  }

  /** The value behind a tensor, which is fetched from another backend if it lives there: a captured constant. */
  valueBehind(info: TensorInfo): Value {
    const graph = this.graph!;
    if (!this.#values.has(info.dataId)) engine().moveData(this, info.dataId);
    const held = this.#values.get(info.dataId);
    if (!held) throw unsupported('engine().moveData');
    if (held.data) this.#note(held.data, info instanceof Variable ? info.name : undefined);
    // A captured tensor stays here until another backend wants it: further traces and reshaped views of it make constants of their own.
    return held.data ? graph.constant(held.data, info.shape, info.dtype as ElementType) : held.value!;
  }

  override write(values: BackendValues, _shape: number[], dtype: DataType): object {
    const drawn = randomOp.exec(engine().state.activeScope?.name ?? '');
    if (drawn) throw frozenRandom(drawn[0]);
    const id = {};
    this.#count++;
    this.#note(this.#keep(id, values, dtype, 1));
    return id;
  }

  override move(id: object, values: BackendValues, _shape: number[], dtype: DataType, references: number): void {
    this.#count++;
    this.#keep(id, values, dtype, references);
  }

  #keep(id: object, values: BackendValues, dtype: DataType, references: number): Constant {
    if (dtype === 'string' || dtype === 'complex64')
      throw new TaskloomError('not_traceable', `A tensor of type ${dtype} cannot enter a compiled step.`, {
        name: dtype,
        remedy: 'Encode it as numbers before the step.',
      });
    const make = dtype === 'float32' ? Float32Array : dtype === 'int32' ? Int32Array : Uint8Array;
    const data = ArrayBuffer.isView(values) ? (values as Float32Array) : make.from(values as unknown as ArrayLike<number>);
    const constant = data instanceof make ? data : make.from(data as ArrayLike<number>);
    this.#values.set(id, { data: constant, references });
    return constant;
  }

  /** Notes where a constant was first met, by the variable's name or by the line; stacks are slow, so only of those that somebody may have to look for. */
  #note(data: Constant, variable?: string): void {
    if (data.byteLength <= largeConstant || (this.sources.has(data) && variable === undefined)) return;
    const line = callerOf(new Error());
    this.sources.set(data, [variable && `the variable '${variable}'`, line && `at ${line}`].filter(Boolean).join(' '));
  }

  override readSync(id: object): BackendValues {
    const held = this.#values.get(id);
    const data = held?.data ?? (held?.value?.constant && arrayOf(held.value));
    if (data) return data as unknown as BackendValues;
    throw new TaskloomError('not_traceable', 'A compiled step cannot read the values of a tensor: it runs once, without values.', {
      name: 'dataSync',
      remedy: 'Return the tensor as an output, compute with tensor ops, or use hostCall.',
    });
  }

  override read(id: object): Promise<BackendValues> {
    try {
      return Promise.resolve(this.readSync(id));
    } catch (error) {
      // Who asks may wait for no answer; it is the trace that fails.
      this.refused ??= error;
      return new Promise(() => {});
    }
  }

  override refCount(id: object): number {
    return this.#values.get(id)?.references ?? 0;
  }

  override incRef(id: object): void {
    const held = this.#values.get(id);
    if (held) held.references++;
  }

  override disposeData(id: object, force = false): boolean {
    const held = this.#values.get(id);
    if (!held) return true;
    held.references--;
    if (!force && held.references > 0) return false;
    // A gradient may still ask for the shape of a tensor that was disposed; what is left of it goes with its id.
    if (force) this.#values.delete(id);
    this.#count--;
    return true;
  }

  override numDataIds(): number {
    return this.#count;
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override memory() {
    return { unreliable: true };
  }

  override timerAvailable(): boolean {
    return false;
  }

  override dispose(): void {}
}

let backend: TraceBackend | undefined;

function start(): TraceBackend {
  if (backend?.graph) return backend; // within a trace, whose tensors are not the engine's
  checkEngine();
  if (backend) return backend;
  const made = new TraceBackend();
  // The lowest priority: it is never chosen by itself.
  // A copy of this package may have been here before (its other module format, a bundle), with a graph of its own.
  for (let copy = 2; findBackendFactory(backendName); copy++) backendName = `taskloom-trace-${copy}`;
  registerBackend(backendName, () => made, -1000);
  const info = (value: Value): TensorInfo => ({ dataId: made.hold(value), shape: [...value.shape], dtype: value.dtype as DataType });
  for (const [kernelName, rule] of Object.entries(kernelRules))
    registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs }) => {
        const values: Record<string, Value> = {};
        for (const [name, input] of Object.entries(inputs)) if (input) values[name] = made.valueBehind(input as TensorInfo);
        const result = rule(made.graph!, values, (attrs ?? {}) as never);
        return Array.isArray(result) ? (result as readonly Value[]).map(info) : info(result as Value);
      },
    });
  registerKernel({ kernelName: inputKernel, backendName, kernelFunc: ({ attrs }) => info((attrs as unknown as { value: Value }).value) });
  backend = made;
  return made;
}

export interface TraceScope {
  /** The tensor that stands for a value. */
  tensorOf(value: Value): Tensor;
  valueBehind(tensor: Tensor): Value;
  /** Which tensors the elements of large constants are from, in words, by the array. */
  readonly sources: ReadonlyMap<object, string>;
}

/** Runs `body` with all ops going into `graph`, and puts the former backend back. Synchronous, so nobody else's ops are caught. */
export function tracing<T>(graph: Graph, body: (scope: TraceScope) => T): T {
  const made = start();
  if (made.graph) throw new TaskloomError('not_traceable', 'A compiled step cannot compile another one.', { name: 'compile' });
  const former = getBackend();
  const random = Math.random;
  const limit = Error.stackTraceLimit;
  made.graph = graph;
  made.sources = new Map();
  made.refused = undefined;
  try {
    enter(backendName);
    Math.random = () => {
      throw frozenRandom('Math.random');
    };
    Error.stackTraceLimit = 100;
    let result: T;
    tidy(() => {
      result = body({
        tensorOf: (value) => engine().runKernel(inputKernel, {}, { value } as never) as Tensor,
        valueBehind: (tensor) => made.valueBehind(tensor),
        sources: made.sources,
      });
    });
    if (made.refused) throw made.refused;
    return result!;
  } catch (error) {
    throw explained(error);
  } finally {
    made.graph = undefined;
    made.sources = new Map();
    Math.random = random;
    Error.stackTraceLimit = limit;
    if (former) enter(former);
  }
}

function enter(name: string): void {
  void engine().setBackend(name);
  if (getBackend() !== name || engine().backend === null) throw unsupported('engine().setBackend');
}

/** Whether the engine has what is taken of it; it costs next to nothing, so every trace asks. Throws `unsupported_version`. */
function checkEngine(): void {
  const { setBackend, moveData, runKernel, state } = engine();
  for (const [name, method] of Object.entries({ setBackend, moveData, runKernel }))
    if (typeof method !== 'function') throw unsupported(`engine().${name}`);
  if (typeof state?.gradientDepth !== 'number') throw unsupported('engine().state.gradientDepth');
  let op: string | undefined;
  const scope = () => {
    op = state.activeScope?.name;
    return 0;
  };
  tidy(() => void rand([1], scope));
  if (op !== 'rand__op') throw unsupported('engine().state.activeScope');
}

function unsupported(what: string): TaskloomError {
  return new TaskloomError('unsupported_version', `In this version of TensorFlow.js \`${what}\` is not what compiling relies on.`, {
    name: '@tensorflow/tfjs-core',
    got: version_core,
    expected: '4.22',
    remedy: 'Install @tensorflow/tfjs-core 4.22.0, or run the step with eager().',
  });
}

/** Whether a kernel can be compiled. */
export function isTraceable(kernelName: string): boolean {
  start();
  return getKernel(kernelName, backendName) !== undefined && getKernel(kernelName, backendName) !== null;
}
