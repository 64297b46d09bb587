import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import {
  findBackend,
  getBackend,
  getKernel,
  getKernelsForBackend,
  ready,
  registerBackend,
  registerKernel,
  setBackend,
  tidy,
} from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe } from 'vitest';

/** The same tests on each backend. */
export function onBackends(backends: readonly string[], tests: (backend: string) => void): void {
  for (const backend of backends) {
    describe(backend, () => {
      let before: string;
      beforeAll(async () => {
        before = getBackend();
        // Not at the top: once there, it takes precedence over cpu and must be awaited, also where nobody asked for it.
        if (backend === 'wasm') await import('@tensorflow/tfjs-backend-wasm');
        await setBackend(backend);
        await ready();
      });
      afterAll(async () => {
        if (before) await setBackend(before);
      });
      tests(backend);
    });
  }
}

let kernelDepth = 0;

/** A cpu backend on which only kernels may look at values: whatever reads a tensor in between could not be traced. */
class RefusingBackend extends MathBackendCPU {
  override readSync(dataId: object): ReturnType<MathBackendCPU['readSync']> {
    if (kernelDepth === 0) throw new Error('A tensor was read (dataSync): this cannot be traced.');
    return super.readSync(dataId);
  }

  override async read(): Promise<never> {
    throw new Error('A tensor was read (data): this cannot be traced.');
  }
}

/** Registers the backend 'refusing' with all the kernels that the cpu backend has now, and returns its name. */
export function refusingBackend(): string {
  const backendName = 'refusing';
  if (!findBackend(backendName)) registerBackend(backendName, () => new RefusingBackend());
  for (const { kernelName, kernelFunc } of getKernelsForBackend('cpu')) {
    if (getKernel(kernelName, backendName)) continue;
    registerKernel({
      kernelName,
      backendName,
      kernelFunc: (parameters) => {
        kernelDepth++;
        try {
          return kernelFunc(parameters);
        } finally {
          kernelDepth--;
        }
      },
    });
  }
  return backendName;
}

/** Throws if `fn` reads a tensor's values on the way. It must make its own inputs. */
export async function expectTraceable(fn: () => void): Promise<void> {
  const before = getBackend();
  await setBackend(refusingBackend());
  try {
    tidy(() => void fn());
  } finally {
    await setBackend(before || 'cpu');
  }
}
