import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TaskloomError } from '@taskloom/core';
import { folderStore } from '@taskloom/core/node';
import {
  type DataProvider,
  type Execution,
  evaluate,
  hasRun,
  type ProgressEvent,
  type ResolvedConfig,
  resume,
  train,
} from '@taskloom/pipeline';
import { checkpointName, checkpointSteps, type Evaluation } from '@taskloom/trainer';

/** What is kept of a finished training. */
export interface Trial {
  readonly config: ResolvedConfig;
  /** On the split asked for. */
  readonly evaluation: Evaluation;
  /** The mean score on the validation split, which learning rates are chosen by. */
  readonly validation: number;
  readonly steps: number;
  /** Of training steps alone, without evaluations. */
  readonly seconds: number;
  /** The greatest resident memory of the process while it trained, in bytes; what earlier trainings left is in it. */
  readonly memory: number;
}

export interface TrialsOptions {
  /** A folder of its own for each training, and what is kept of the finished ones. */
  readonly folder: string;
  readonly data: DataProvider;
  readonly split: 'validation' | 'test';
  readonly execution: Execution;
  readonly signal: AbortSignal;
  readonly onProgress: (id: string, event: ProgressEvent) => void;
}

/**
 * Runs trainings one after another, each at most once: a finished one is read from disk, one that was cut off goes on. `undefined` where it was interrupted. Throws `config_changed`
 * where the folder holds a training of that name with another config.
 */
export function trials({ folder, data, split, execution, signal, onProgress }: TrialsOptions) {
  return async (id: string, config: ResolvedConfig): Promise<Trial | undefined> => {
    const place = join(folder, ...id.split('/').map((part) => part.replace(/[^\w.=-]/g, '_')));
    const file = join(place, `result.${split}.json`);
    if (existsSync(file)) {
      const found = JSON.parse(readFileSync(file, 'utf8')) as Trial;
      if (JSON.stringify(found.config) === JSON.stringify(config)) return found;
      throw new TaskloomError('config_changed', `'${place}' holds a training with another config.`, {
        name: id,
        remedy: 'Name another folder with --run, or begin anew with --overwrite.',
      });
    }
    if (signal.aborted) return undefined;
    await mkdir(place, { recursive: true });
    const store = folderStore(join(place, 'run'));
    let memory = 0;
    const options = {
      store,
      data,
      execution,
      signal,
      onProgress(event: ProgressEvent) {
        if (event.kind === 'step') memory = Math.max(memory, process.memoryUsage.rss());
        onProgress(id, event);
      },
    };
    const result = (await hasRun(store)) ? await resume(options) : await train(config, options);
    if (result.interrupted) return undefined;
    if (JSON.stringify(result.config) !== JSON.stringify(config))
      throw new TaskloomError('config_changed', `'${place}' holds a training with another config.`, {
        name: id,
        remedy: 'Name another folder with --run, or begin anew with --overwrite.',
      });
    if (!result.validation)
      throw new TaskloomError('bad_config', 'The config has no validation rows, by which learning rates and parameters are chosen.', {
        name: 'tasks[0].data.validation',
        remedy: 'Name a file, or a fraction of the training rows.',
      });
    const trial: Trial = {
      config,
      evaluation: split === 'validation' ? result.validation : await evaluate(store, { split, data }),
      validation: result.validation.mean,
      steps: result.step,
      seconds: result.history.epochs.reduce((sum, { seconds }) => sum + seconds, 0),
      memory,
    };
    // What going on would need; the model stays.
    for (const step of await checkpointSteps(store)) await store.remove(checkpointName(step));
    await writeFile(`${file}.tmp`, JSON.stringify(trial));
    await rename(`${file}.tmp`, file);
    return trial;
  };
}

/** Removes what an earlier comparison left. */
export async function removeTrials(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}
