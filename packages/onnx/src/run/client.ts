import { type HostArray, TaskloomError } from '@taskloom/core';
import { type Engine, engine, type OrtModule } from './engine.js';
import type { Held, Runtime } from './runtime';

/** The way to an engine. */
export interface Transport {
  readonly name: string;
  readonly version: string;
  call<Method extends Exclude<keyof Engine, 'free'>>(
    method: Method,
    ...args: Parameters<Engine[Method]>
  ): Promise<Awaited<ReturnType<Engine[Method]>>>;
  /** At the latest before the next call. */
  free(numbers: readonly number[]): void;
  close(): Promise<void>;
}

/** Gives out the numbers by which an engine knows models and arrays. */
export function runtimeOver(transport: Transport): Runtime {
  let count = 0;
  return {
    name: transport.name,
    version: transport.version,
    async load(model, options) {
      const id = count++;
      await explained('load the compiled step', transport.call('load', id, model, options));
      return {
        async run(feeds, keep, read) {
          const given: [string, HostArray][] = [];
          const held: [string, number][] = [];
          for (const [name, value] of feeds)
            if ('held' in value) held.push([name, value.held]);
            else given.push([name, value]);
          const kept = keep.map((name) => [name, count++] as const);
          const arrays = await explained('run the compiled step', transport.call('run', id, { given, held, keep: kept, read }));
          return {
            kept: new Map(kept.map(([name, number]) => [name, { held: number }])),
            read: new Map(read.map((name, i) => [name, arrays[i]!])),
          };
        },
        release: () => transport.call('release', id),
      };
    },
    async hold(arrays) {
      const first = count;
      count += arrays.length;
      await explained('take the state', transport.call('hold', first, apart(arrays)));
      return arrays.map((_, i): Held => ({ held: first + i }));
    },
    read: (held) => explained('read the state', transport.call('read', held.map(numberOf))),
    free: (held) => transport.free(held.map(numberOf)),
    dispose: () => transport.close(),
  };
}

/** An engine on the calling thread, which is blocked while a model runs. */
export function onThisThread(name: string, ort: OrtModule): Runtime {
  const own = engine(ort);
  return runtimeOver({
    name,
    version: versionOf(ort),
    call: async (method, ...args) => (own[method] as (...of: unknown[]) => never)(...args),
    free: (numbers) => own.free(numbers),
    close: async () => {},
  });
}

function versionOf({ env: { versions } }: OrtModule): string {
  return versions.node ?? versions.web ?? versions.common;
}

function numberOf({ held }: Held): number {
  return held;
}

/** Each array with memory of its own: copied where it is a part of more, or comes twice. */
function apart(arrays: readonly HostArray[]): HostArray[] {
  const buffers = new Set<ArrayBufferLike>();
  return arrays.map((array) => {
    const { buffer, byteLength } = array.data;
    if (byteLength !== buffer.byteLength || buffers.has(buffer)) return { ...array, data: array.data.slice() };
    buffers.add(buffer);
    return array;
  });
}

async function explained<T>(doing: string, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (cause) {
    if (TaskloomError.isInstance(cause)) throw cause;
    throw new TaskloomError('engine_failed', `ONNX Runtime could not ${doing}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      name: 'onnxruntime',
      cause,
    });
  }
}
