import type { Executor } from '@taskloom/core';
import { cached } from './cache';
import { onThisThread, runtimeOver } from './client';
import { type CompileOptions, compiling } from './executor';
import { missingPackage } from './missing-package';
import { checkOptions } from './options';
import { ownOptimizers, type Runtime, type SessionOptions } from './runtime';
import { startWorker } from './worker';

export interface OrtOptions extends CompileOptions {
  /**
   * Threads of one step. Default 'auto': as many as there are cores, in a worker one less, so that the calling thread keeps one; or one where a step has
   * too little work to share.
   */
  readonly threads?: 'auto' | number;
  /**
   * Runs steps in a thread of their own, which keeps the state: the event loop of the calling thread stays free. Tracing and host calls stay
   * where they are. If that thread ends, steps reject with the code `worker_lost`. Default false: the calling thread is blocked while a graph runs.
   */
  readonly worker?: boolean;
  /**
   * A folder that keeps what became of each trace, and what ONNX Runtime made of it for this version and this processor: a later run starts in a third of
   * the time. It may be deleted at any time. Default: none.
   */
  readonly cache?: string;
}

/**
 * Runs steps natively on ONNX Runtime, which must be installed beside this package (`npm install onnxruntime-node`): each step is traced once per
 * shape of its inputs, gradients and optimiser included, and every later call runs the graph. Throws `bad_option`.
 */
export function ort(options: OrtOptions = {}): Executor {
  checkOptions(options, ['threads', 'worker', 'cache', 'shapes', 'onWarning']);
  const { threads = 'auto', worker = false, cache } = options;
  const start = async () => {
    const runtime = await nodeRuntime(worker);
    return cache === undefined ? runtime : cached(runtime, cache, options.onWarning);
  };
  return compiling('ort', start, sessionOptions(threads), options);
}

/** Not written in the import, so that no bundler for browsers follows it. */
const packageName: string = 'onnxruntime-node';

/** onnxruntime-node as a runtime. Throws `missing_package` where it is not installed. */
export async function nodeRuntime(worker: boolean): Promise<Runtime> {
  if (worker) return { ...runtimeOver(await startWorker()), threads: allButOne() };
  try {
    return onThisThread(packageName, (await import(/* @vite-ignore */ packageName)) as typeof import('onnxruntime-node'));
  } catch (cause) {
    throw missingPackage(packageName, cause);
  }
}

/** With a thread for each core, the event loop of the calling thread would wait for its turn: a timer's 99th percentile doubles. */
function allButOne(): number {
  return Math.max(1, process.getBuiltinModule('node:os').availableParallelism() - 1);
}

/** Whether `ort()` can run here: onnxruntime-node is installed and loads. */
export async function isInstalled(): Promise<boolean> {
  return nodeRuntime(false).then(
    () => true,
    () => false,
  );
}

export function sessionOptions(threads: 'auto' | number): SessionOptions {
  return {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    // Plans memory for one shape ahead; for training graphs it costs more than it saves.
    enableMemPattern: false,
    // An arena keeps its greatest size for as long as its session lives, and there is a session for each shape: it grew by 100 MB and more a shape. A step with large arrays has one all the same (`worthKeeping`).
    enableCpuMemArena: false,
    logSeverityLevel: 3,
    extra: {
      // Threads that wait for work spin this long (ONNX Runtime's default: far longer). Alone on a machine it is as fast; beside other work up to a third faster.
      session: { intra_op: { spin_duration_us: '20' } },
      ...ownOptimizers,
    },
    ...(threads === 'auto' ? {} : { intraOpNumThreads: threads }),
  };
}
