import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Callback } from '../types';

export interface JsonLinesOptions {
  /** Steps between two `step` lines. Default: 1. */
  readonly every?: number;
}

/**
 * A log with one JSON object a line: `{"event":"begin"|"step"|"evaluation"|"epoch"|"checkpoint"|"end", "step": …, …}`. A resumed run first drops the lines of steps that are
 * done again, and what a kill left of a line; a new run begins the file anew. Numbers that are not finite become null.
 */
export function jsonLines(file: string, { every = 1 }: JsonLinesOptions = {}): Callback {
  const write = (event: string, facts: object) => appendFile(file, `${JSON.stringify({ event, ...facts })}\n`);
  return {
    async onTrainBegin({ startStep, ...info }) {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, startStep > 0 ? await linesUpTo(file, startStep) : '');
      await write('begin', { step: startStep, ...info });
    },
    async onBatchEnd(batch, logs) {
      if ((batch + 1) % every === 0) await write('step', logs);
    },
    onTestEnd: (step, evaluation) => write('evaluation', { step, ...evaluation }),
    onEpochEnd: (epoch, logs) => write('epoch', { epoch, ...logs }),
    onSave: (step, name) => write('checkpoint', { step, name }),
    onTrainEnd: ({ step, interrupted, stoppedEarly, effectiveEpochs }) =>
      write('end', { step, interrupted, stoppedEarly, effectiveEpochs }),
  };
}

async function linesUpTo(file: string, last: number): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const kept = text.split('\n').filter((line) => {
    try {
      return (JSON.parse(line) as { step: number }).step <= last;
    } catch {
      return false;
    }
  });
  return kept.map((line) => `${line}\n`).join('');
}
