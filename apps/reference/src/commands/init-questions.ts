import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cancel, confirm, intro, isCancel, outro, select, text } from '@clack/prompts';
import { configPath, type Format } from './init-config';

export interface InitAnswers {
  readonly folder: string;
  readonly format: Format;
  readonly force: boolean;
}

/** Asks in a terminal for what the flags left open; undefined where the answer was Ctrl-C or no. */
export async function askInit(given: {
  readonly folder?: string;
  readonly format?: Format;
  readonly force: boolean;
}): Promise<InitAnswers | undefined> {
  intro('A new Taskloom project');
  const folder =
    given.folder ?? (await text({ message: 'In which folder?', placeholder: '. (here)', defaultValue: '.', validate: () => undefined }));
  if (isCancel(folder)) return stop();
  const format =
    given.format ??
    (await select<Format>({
      message: 'How should the config be written?',
      options: [
        { value: 'yaml', label: 'YAML', hint: 'mistakes are told with line and column' },
        { value: 'ts', label: 'TypeScript', hint: 'completion in the editor' },
        { value: 'json', label: 'JSON' },
      ],
    }));
  if (isCancel(format)) return stop();
  let { force } = given;
  if (!force && existsSync(configPath(folder, format))) {
    const replace = await confirm({ message: `There is a ${configPath(folder, format)} already. Replace it?`, initialValue: false });
    if (isCancel(replace) || !replace) return stop();
    force = true;
  }
  outro('Writing');
  return { folder: join(folder), format, force };
}

function stop(): undefined {
  cancel('Nothing was written.');
  return undefined;
}
