import { appendFile, mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Callback } from '../types';
import { restartRecord, scalarRecord, versionRecord } from './event-file';

export interface TensorBoardOptions {
  /** Steps between two training events. Default: 1. */
  readonly every?: number;
}

/**
 * Writes an event file for TensorBoard to `folder`: `train/loss`, `train/loss/<task>`, `train/weight/<task>`, with a balancer that looks at gradients `train/conflict` and `train/cosine/<task>/<task>`, `train/gradientNorm`, `train/learningRate` and
 * `validation/mean`, `validation/<task>/<metric>`. A resumed run writes a file of its own, which tells TensorBoard to forget later steps of the old one.
 */
export function tensorBoard(folder: string, { every = 1 }: TensorBoardOptions = {}): Callback {
  let file = '';
  const now = () => Date.now() / 1000;
  const write = async (step: number, scalars: readonly (readonly [string, number])[]) => {
    await appendFile(file, scalarRecord({ wallTime: now(), step, scalars }));
  };
  const under = (prefix: string, values: { readonly [name: string]: number }) =>
    Object.entries(values).map(([name, value]) => [`${prefix}/${name}`, value] as const);
  return {
    async onTrainBegin({ startStep }) {
      await mkdir(folder, { recursive: true });
      file = join(folder, `events.out.tfevents.${Math.floor(now())}.${hostname()}.${process.pid}.${startStep}`);
      await appendFile(file, versionRecord(now()));
      if (startStep > 0) await appendFile(file, restartRecord(now(), startStep + 1));
    },
    async onBatchEnd(batch, { step, loss, losses, weights, cosines = {}, conflict, gradientNorm, learningRate, rowsPerSecond }) {
      if ((batch + 1) % every !== 0) return;
      const own = { loss, gradientNorm, learningRate, rowsPerSecond, ...(conflict === undefined ? {} : { conflict }) };
      await write(step, [
        ...under('train', own),
        ...under('train/loss', losses),
        ...under('train/weight', weights),
        ...Object.entries(cosines).flatMap(([task, others]) => under(`train/cosine/${task}`, others)),
      ]);
    },
    async onTestEnd(step, { tasks, mean }) {
      const own = Object.entries(tasks).flatMap(([task, { loss, metrics }]) => under(`validation/${task}`, { loss, ...metrics }));
      await write(step, [['validation/mean', mean], ...own]);
    },
  };
}
