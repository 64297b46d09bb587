import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { BrowserCommand } from 'vitest/node';
import type { InNode } from './in-node';

declare module 'vitest/browser' {
  interface BrowserCommands {
    inNode<Part extends keyof InNode>(part: Part): Promise<InNode[Part]>;
  }
}

const found: Partial<InNode> = {};
let worker: Worker | undefined;
let failure: Error | undefined;

/** A part of what Node finds; the first call starts the worker that finds it. */
export const inNode: BrowserCommand<[part: keyof InNode]> = async (_, part) => {
  worker ??= started();
  while (!(part in found)) {
    if (failure) throw failure;
    await once(worker, 'message');
  }
  return found[part];
};

function started(): Worker {
  const worker = new Worker(new URL('in-node.mjs', import.meta.url));
  worker.unref(); // nobody waits for parts that no test asks for
  worker.on('message', (more: Partial<InNode>) => Object.assign(found, more));
  worker.on('error', (error: Error) => {
    failure = error;
  });
  return worker;
}
