import { type Executor, type HostArray, TaskloomError } from '@taskloom/core';
import type * as Ort from 'onnxruntime-node';
import { type CompileOptions, compiling } from './executor';
import type { Runtime } from './runtime';

export interface OrtOptions extends CompileOptions {
  /** Threads of one step. Default 'auto': as many as there are cores. */
  readonly threads?: 'auto' | number;
}

/**
 * Runs steps natively on ONNX Runtime, which must be installed beside this package (`npm install onnxruntime-node`): each step is traced once per
 * shape of its inputs, gradients and optimiser included, and every later call runs the graph. The calling thread is blocked while a graph runs.
 */
export function ort(options: OrtOptions = {}): Executor {
  return compiling('ort', () => nodeRuntime(options), options);
}

/** onnxruntime-node as a runtime. Throws `missing_package` where it is not installed. */
export async function nodeRuntime({ threads = 'auto' }: Pick<OrtOptions, 'threads'> = {}): Promise<Runtime> {
  const { InferenceSession, Tensor } = await loadOrt();
  const sessionOptions: Ort.InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    // Plans memory for one shape ahead; for training graphs it costs more than it saves.
    enableMemPattern: false,
    logSeverityLevel: 3,
    ...(threads === 'auto' ? {} : { intraOpNumThreads: threads }),
  };
  return {
    name: 'onnxruntime-node',
    async load(model) {
      const session = await InferenceSession.create(model, sessionOptions);
      return {
        async run(feeds) {
          const given: Record<string, Ort.Tensor> = {};
          for (const [name, { dtype, data, shape }] of Object.entries(feeds))
            given[name] = new Tensor(dtype, data as Float32Array, shape) as Ort.Tensor;
          const results = await session.run(given);
          return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, hostOf(tensor)]));
        },
        release: () => session.release(),
      };
    },
  };
}

function hostOf({ type, data, dims }: Ort.Tensor): HostArray {
  return { shape: dims, dtype: type as HostArray['dtype'], data: data as Float32Array };
}

async function loadOrt(): Promise<typeof Ort> {
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    throw new TaskloomError('missing_package', 'ONNX Runtime is not installed.', {
      name: 'onnxruntime-node',
      remedy: 'npm install onnxruntime-node',
      cause,
    });
  }
}
