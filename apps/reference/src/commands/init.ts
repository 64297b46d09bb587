import { existsSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { command } from '../command';
import { commandName, shellWord } from '../command-name';
import { exitCodes, usageError } from '../exit-codes';
import { supportDataFolder } from '../support-data';
import { styled } from '../terminal/table';
import { configPath, type Format, formats, renderConfig } from './init-config';
import { jsonOption, say, writeJson } from './shared-options';

export const initCommand = command('init', 'Write a config and sample data to start from.', {
  args: {
    folder: { type: 'positional', description: 'Where; asked for in a terminal, else here', required: false, valueHint: 'folder' },
    format: { type: 'string', description: 'ts, yaml or json; asked for in a terminal, else yaml', valueHint: 'name' },
    force: { type: 'boolean', description: 'Replace a config that is there', default: false },
    yes: { type: 'boolean', alias: 'y', description: 'Ask nothing', default: false },
    json: jsonOption,
  },
  examples: ['taskloom init', 'taskloom init my-project --format ts --yes'],
  notes: 'In a terminal it asks for what is not given; with --yes, --json, or without a terminal it asks nothing.',
  async run(args) {
    const given = { folder: args.folder, format: args.format === undefined ? undefined : formatOf(args.format), force: args.force };
    const asks = !args.yes && !args.json && process.stdin.isTTY === true && process.stdout.isTTY === true;
    const chosen = asks
      ? await (await import('./init-questions')).askInit(given)
      : { ...given, folder: given.folder ?? '.', format: given.format ?? ('yaml' as const) };
    if (!chosen) return exitCodes.interrupted;
    const { folder, format } = chosen;
    const [config, data] = [configPath(folder, format), join(folder, 'data', 'support')];
    if (existsSync(config) && !chosen.force) throw usageError(`There is a '${config}' already.`, 'Replace it with --force.');
    await mkdir(join(folder, 'data'), { recursive: true });
    await cp(supportDataFolder(), data, { recursive: true, force: true });
    await writeFile(config, renderConfig(format));
    if (args.json) writeJson({ config, data });
    else {
      say(`Wrote ${styled('bold', config)}: five tasks on customer-support messages.`);
      say(`Wrote ${styled('bold', data)}: their data.`);
      const enter = folder === '.' ? '' : `  cd ${shellWord(folder)}\n`;
      say(`\nNext:\n${enter}  ${commandName()} data describe\n  ${commandName()} train`);
    }
    return undefined;
  },
});

function formatOf(name: string): Format {
  const found = formats.find((format) => format === name);
  if (!found) throw usageError(`There is no format '${name}'. It is one of ${formats.join(', ')}.`);
  return found;
}
