import { type HostArray, TaskloomError } from '@taskloom/core';
import type { Transport } from './client';
import type { RunRequest } from './engine.js';
import { openGate, removeGate } from './exit-gate';
import { missingPackage } from './missing-package';

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}
type Ready = { readonly version: string } | { readonly error: Error; readonly missing: boolean };
type Answer = { readonly call: number } & ({ readonly value: never } | { readonly error: Error });

export interface EngineWorker extends Transport {
  readonly thread: InstanceType<ReturnType<typeof threads>['Worker']>;
}

/** Asked for when it is needed, so that browsers can load this file. */
const threads = () => process.getBuiltinModule('node:worker_threads');
/** A variable, so that no bundler for browsers takes it along. */
const script: string = './engine-worker.js';

/**
 * A thread that has ONNX Runtime, the models and the state. The process may end while it waits for work, and not while it works. `runtime` is the
 * package or file that brings ONNX Runtime.
 */
export async function startWorker(runtime = 'onnxruntime-node'): Promise<EngineWorker> {
  const { Worker } = threads();
  const gate = openGate();
  const thread = new Worker(new URL(script, import.meta.url), { workerData: { gate, runtime }, execArgv: [] });
  const calls = new Map<number, Waiting>();
  let count = 0;
  let freed: number[] = [];
  let lost: TaskloomError | undefined;
  const lose = (message: string, cause?: unknown) => {
    lost ??= new TaskloomError('worker_lost', message, {
      name: 'worker',
      remedy: 'The state is gone with it; the last checkpoint is good: compile the step again and resume from there.',
      cause,
    });
    for (const { reject } of calls.values()) reject(lost);
    calls.clear();
  };
  thread.on('error', (error: Error) => lose(`The worker thread that runs the step failed: ${error.message}.`, error));
  thread.on('messageerror', (error) => lose(`An answer of the worker thread that runs the step is unreadable: ${error.message}.`, error));
  const ended = new Promise<void>((resolve) =>
    thread.on('exit', (code) => {
      removeGate(gate);
      lose(`The worker thread that runs the step ended, with exit code ${code}.`);
      resolve();
    }),
  );
  const ready = await new Promise<Ready>((resolve, reject) => {
    calls.set(-1, { resolve, reject });
    thread.once('message', resolve);
  });
  calls.delete(-1);
  if ('error' in ready) {
    await thread.terminate();
    throw ready.missing ? missingPackage('onnxruntime-node', ready.error) : ready.error;
  }
  thread.on('message', (answer: Answer) => {
    const waiting = calls.get(answer.call);
    calls.delete(answer.call);
    if (calls.size === 0) thread.unref();
    if ('error' in answer) waiting?.reject(answer.error);
    else waiting?.resolve(answer.value);
  });
  thread.unref();
  return {
    name: 'onnxruntime-node, in a worker',
    version: ready.version,
    thread,
    call: (method, ...args) =>
      new Promise((resolve, reject) => {
        if (lost) return reject(lost);
        calls.set(count, { resolve, reject });
        thread.ref();
        const { message, buffers } = crossing(args);
        thread.postMessage({ call: count++, method, args: message, free: freed }, buffers);
        freed = [];
      }),
    free: (numbers) => void freed.push(...numbers),
    async close() {
      lost ??= new TaskloomError('disposed', 'This compiled step was disposed.', { name: 'compile' });
      // Not `terminate`, which would abort the process if a model were running.
      thread.postMessage('close');
      await ended;
    },
  };
}

/** The arguments of a call as they cross: what the engine takes over moves; what a step is fed is copied once, since its owner goes on using it. */
function crossing(args: readonly unknown[]): { readonly message: readonly unknown[]; readonly buffers: ArrayBuffer[] } {
  const buffers = new Set<ArrayBuffer>();
  const moved = <View extends ArrayBufferView>(data: View): View => {
    buffers.add(data.buffer as ArrayBuffer);
    return data;
  };
  const message = args.map((arg) => {
    if (arg instanceof Uint8Array) return moved(arg.byteLength === arg.buffer.byteLength ? arg : arg.slice());
    if (Array.isArray(arg)) for (const each of arg as readonly (HostArray | number)[]) if (typeof each !== 'number') moved(each.data);
    if (isRun(arg)) return { ...arg, given: arg.given.map(([name, array]) => [name, { ...array, data: moved(array.data.slice()) }]) };
    return arg;
  });
  return { message, buffers: [...buffers] };
}

function isRun(arg: unknown): arg is RunRequest {
  return typeof arg === 'object' && arg !== null && 'given' in arg;
}
