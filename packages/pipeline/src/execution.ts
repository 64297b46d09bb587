import { type Executor, eager, TaskloomError } from '@taskloom/core';
import type { CompileOptions, CompileWarning } from '@taskloom/onnx';

/**
 * Where training steps run. `compiled`: as one graph on ONNX Runtime; `eager`: op by op on the current TensorFlow.js backend; `auto`: compiled where
 * ONNX Runtime is installed, else eagerly.
 */
export type Execution = 'auto' | 'compiled' | 'eager';
export const executions: readonly Execution[] = ['auto', 'compiled', 'eager'];

/** Batches are padded to a few lengths for each source: so many shapes are kept compiled, and no surprise. */
const keptShapes = 16;

/** What there is to say of where steps run. */
export type ExecutionEvent =
  /** `ort`, `ort-web` or `eager`; and what that costs, where `auto` found no ONNX Runtime. */
  | { readonly kind: 'execution'; readonly name: string; readonly notice?: string }
  /** What compiling steps has to say: of shapes that keep changing, of large constants. */
  | { readonly kind: 'warning'; readonly code: CompileWarning['code']; readonly message: string };

export interface ExecutionOptions {
  readonly execution?: Execution;
  readonly executor?: Executor;
  readonly onProgress?: (event: ExecutionEvent) => void | Promise<void>;
}

/** The executor that was given or wished for, once it is told. Throws `missing_package` for `compiled` without ONNX Runtime, `bad_option`. */
export async function executorFor({ execution, executor: own, onProgress }: ExecutionOptions): Promise<Executor> {
  const warn = ({ code, message, shapes = Number.POSITIVE_INFINITY }: CompileWarning) => {
    if (shapes > keptShapes) void onProgress?.({ kind: 'warning', code, message });
  };
  const { executor, notice }: ChosenExecution = own ? { executor: own } : await chosenExecution(execution, warn);
  await onProgress?.({ kind: 'execution', name: executor.name, ...(notice ? { notice } : {}) });
  return executor;
}

interface ChosenExecution {
  readonly executor: Executor;
  readonly notice?: string;
}

async function chosenExecution(execution: Execution = 'auto', onWarning: (warning: CompileWarning) => void): Promise<ChosenExecution> {
  if (!executions.includes(execution))
    throw new TaskloomError('bad_option', `There is no execution '${execution}'.`, {
      name: 'execution',
      got: execution,
      expected: executions,
    });
  if (execution === 'eager') return { executor: eager() };
  const { isInstalled, create, packageName } = await engine();
  if (execution === 'compiled' || (await isInstalled())) return { executor: create({ shapes: keptShapes, onWarning }) };
  return {
    executor: eager(),
    notice: `${packageName} is not installed: steps run op by op on TensorFlow.js, several times slower. npm install ${packageName}`,
  };
}

interface Engine {
  readonly packageName: string;
  isInstalled(): Promise<boolean>;
  create(options: CompileOptions): Executor;
}

/** Not written in the import, so that no bundler for browsers follows it. */
const nodeEntry: string = '@taskloom/onnx';

async function engine(): Promise<Engine> {
  if (typeof process === 'object' && process.versions?.node !== undefined) {
    const { isInstalled, ort } = (await import(/* @vite-ignore */ nodeEntry)) as typeof import('@taskloom/onnx');
    return { packageName: 'onnxruntime-node', isInstalled, create: ort };
  }
  const { isInstalled, ortWeb } = await import('@taskloom/onnx/web');
  return { packageName: 'onnxruntime-web', isInstalled, create: ortWeb };
}
