import { type CheckpointStore, memoryStore, TaskloomError } from '@taskloom/core';
import { fineTune, loadRun, type Run } from '@taskloom/pipeline';
import { startBackend } from './backend';
import type { Answer, Calls, Examples, Progress, Question, Reply, Request, RunFiles, RunSummary } from './protocol';

/** All computing happens here, so that the page always answers to keys and fingers. */
const worker = globalThis as unknown as { postMessage(reply: Reply): void; onmessage: (event: MessageEvent<Request>) => void };
const backend = startBackend();
let store: CheckpointStore = memoryStore();
let original: Run | undefined;
let tuned: Run | undefined;

worker.onmessage = async ({ data: { id, kind, argument } }) => {
  try {
    const result = await handle(kind, argument, (progress) => worker.postMessage({ id, kind: 'progress', progress }));
    worker.postMessage({ id, kind: 'result', result });
  } catch (error) {
    worker.postMessage({ id, kind: 'error', message: error instanceof Error ? error.message : String(error) });
  }
};

async function handle(
  kind: keyof Calls,
  argument: Calls[keyof Calls]['argument'],
  tell: (progress: Progress) => void,
): Promise<Calls[keyof Calls]['result']> {
  switch (kind) {
    case 'load':
      return load(argument as RunFiles);
    case 'answer':
      return answer(argument as Question);
    case 'tune':
      return tune(argument as Examples, tell);
    case 'reset':
      useTuned(undefined);
      return null;
  }
}

async function load(files: RunFiles): Promise<RunSummary> {
  const name = await backend;
  const next = memoryStore();
  for (const [bundle, own] of Object.entries(files)) await next.write(bundle, own);
  const run = await loadRun(next);
  // The first pass compiles and allocates; better now than at the first key.
  if (run.tasks.some(({ pair }) => !pair)) await run.predict(['.']);
  useTuned(undefined);
  original?.dispose();
  [store, original] = [next, run];
  const { config, tasks, parameters, step } = run;
  const columns = new Map(config.tasks.map((task) => [task.name, task.columns]));
  return {
    name: config.name,
    tasks: tasks.map((task) => ({ ...task, columns: { ...columns.get(task.name) } as { [column: string]: string | undefined } })),
    parameters,
    step,
    backend: name,
  };
}

async function answer(question: Question): Promise<Answer> {
  const began = performance.now();
  const [prediction] = await (tuned ?? loaded()).predict([question]);
  const milliseconds = performance.now() - began;
  return { prediction: prediction!, milliseconds, ...(tuned ? { before: (await loaded().predict([question]))[0]! } : {}) };
}

/** Always from the run as it was loaded: the examples on the page are all that was added. */
async function tune({ task, rows, steps, headOnly }: Examples, tell: (progress: Progress) => void) {
  loaded();
  const began = performance.now();
  const into = memoryStore();
  const onBatchEnd = (_: number, { step, loss }: { step: number; loss: number }) => tell({ step, steps, loss });
  const wrt = (path: string) => path.startsWith(`tasks/${task}/`);
  const done = await fineTune(store, { into, rows: { [task]: rows }, steps, callbacks: [{ onBatchEnd }], ...(headOnly ? { wrt } : {}) });
  useTuned(await loadRun(into));
  return { steps: done.steps, seconds: (performance.now() - began) / 1000 };
}

function loaded(): Run {
  if (!original) throw new TaskloomError('not_found', 'No run is loaded yet.');
  return original;
}

function useTuned(run: Run | undefined): void {
  tuned?.dispose();
  tuned = run;
}
