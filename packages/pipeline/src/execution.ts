import { type Executor, eager, TaskloomError } from '@taskloom/core';

/**
 * Where training steps run. `compiled`: as one graph on ONNX Runtime; `eager`: op by op on the current TensorFlow.js backend; `auto`: compiled where
 * ONNX Runtime is installed, else eagerly.
 */
export type Execution = 'auto' | 'compiled' | 'eager';
export const executions: readonly Execution[] = ['auto', 'compiled', 'eager'];

export interface ChosenExecution {
  readonly executor: Executor;
  /** What the choice costs, where `auto` found no ONNX Runtime. */
  readonly notice?: string;
}

/** The executor for a wish. Throws `missing_package` for `compiled` without ONNX Runtime, `bad_option`. */
export async function chosenExecution(execution: Execution = 'auto'): Promise<ChosenExecution> {
  if (!executions.includes(execution))
    throw new TaskloomError('bad_option', `There is no execution '${execution}'.`, {
      name: 'execution',
      got: execution,
      expected: executions,
    });
  if (execution === 'eager') return { executor: eager() };
  const { isInstalled, create, packageName } = await engine();
  if (execution === 'compiled' || (await isInstalled())) return { executor: create() };
  return {
    executor: eager(),
    notice: `${packageName} is not installed: steps run op by op on TensorFlow.js, several times slower. npm install ${packageName}`,
  };
}

interface Engine {
  readonly packageName: string;
  isInstalled(): Promise<boolean>;
  create(): Executor;
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
