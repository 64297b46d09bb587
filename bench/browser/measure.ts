import { memoryStore } from '@taskloom/core';
import { loadRun, train } from '@taskloom/pipeline';
import { supportConfig } from '../../apps/reference/src/support-config';
import { messages, supportData } from '../../test/browser/support-data';

/** Milliseconds. */
export interface Timings {
  /** The first step, with what is compiled and allocated in it. */
  readonly firstStep: number;
  /** Median of the steps after the first. */
  readonly step: number;
  /** Median of single texts, four tasks each, after two for warming up. */
  readonly prediction: number;
}

/** The support config as it is, for `steps` steps, eagerly on the backend that has been started or compiled, then answers about single texts on the backend. */
export async function measure(steps: number, execution: 'eager' | 'compiled'): Promise<Timings> {
  const store = memoryStore();
  const durations: number[] = [];
  let last = 0;
  await train(
    { ...supportConfig, training: { ...supportConfig.training, steps, evaluateEvery: steps } },
    {
      store,
      data: supportData,
      execution,
      onProgress({ kind }) {
        const now = performance.now();
        if (kind === 'step') durations.push(now - last);
        if (kind === 'begin' || kind === 'step') last = now;
      },
    },
  );
  const run = await loadRun(store);
  const answers: number[] = [];
  for (const { text } of messages.slice(0, 42)) {
    const began = performance.now();
    await run.predict([String(text)]);
    answers.push(performance.now() - began);
  }
  run.dispose();
  return { firstStep: durations[0]!, step: median(durations.slice(1)), prediction: median(answers.slice(2)) };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
