import type { Calls, Progress, Reply, Request } from './protocol';

export interface Engine {
  call<K extends keyof Calls>(
    kind: K,
    argument: Calls[K]['argument'],
    onProgress?: (progress: Progress) => void,
  ): Promise<Calls[K]['result']>;
}

/** The worker, as functions that return promises. */
export function startEngine(): Engine {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  const open = new Map<number, { resolve(result: never): void; reject(error: Error): void; onProgress?: (progress: Progress) => void }>();
  let count = 0;
  worker.onmessage = ({ data }: MessageEvent<Reply>) => {
    const call = open.get(data.id);
    if (!call) return;
    if (data.kind === 'progress') return call.onProgress?.(data.progress);
    open.delete(data.id);
    if (data.kind === 'error') call.reject(new Error(data.message));
    else call.resolve(data.result as never);
  };
  worker.onerror = (event) => {
    for (const { reject } of open.values()) reject(new Error(event.message || 'The worker could not start.'));
    open.clear();
  };
  return {
    call: (kind, argument, onProgress) =>
      new Promise((resolve, reject) => {
        const id = ++count;
        open.set(id, { resolve, reject, onProgress });
        worker.postMessage({ id, kind, argument } as Request);
      }),
  };
}
