// The thread of `ort({ worker: true })`: an engine that answers messages one after another. Plain JavaScript, like the engine.
import { parentPort, workerData } from 'node:worker_threads';
import { engine } from './engine.js';

/** `gate` is shared with the thread that started this one: [busy, closing]; see worker.ts. */
const { gate, runtime } = workerData;
let own;

/** Whether the other thread is content that native code is entered now. */
function enter() {
  Atomics.store(gate, 0, 1);
  return Atomics.load(gate, 1) === 0;
}

function leave() {
  Atomics.store(gate, 0, 0);
  Atomics.notify(gate, 0);
}

async function answer({ call, method, args, free }) {
  if (!enter()) return leave();
  try {
    own.free(free);
    const value = await own[method](...args);
    parentPort.postMessage({ call, value }, buffersOf(value));
  } catch (error) {
    parentPort.postMessage({ call, error: error instanceof Error ? error : new Error(String(error)) });
  } finally {
    leave();
  }
}

/** Arrays leave without a copy: the engine gave them away. */
function buffersOf(value) {
  return Array.isArray(value) ? [...new Set(value.map(({ data }) => data.buffer))] : [];
}

async function start() {
  const ort = await import(runtime);
  own = engine(ort);
  let last = Promise.resolve();
  parentPort.on('message', (message) => {
    last = last.then(() => (message === 'close' ? parentPort.close() : answer(message)));
  });
  parentPort.postMessage({ version: ort.env.versions.node ?? ort.env.versions.common });
}

start().catch((error) => parentPort.postMessage({ error, missing: error.code === 'ERR_MODULE_NOT_FOUND' }));
