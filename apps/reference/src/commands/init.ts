import { existsSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { command } from '../command';
import { usageError } from '../exit-codes';
import { supportConfig } from '../support-config';
import { supportDataFolder } from '../support-data';
import { styled } from '../terminal/table';
import { jsonOption, say, writeJson } from './shared-options';

const formats = ['ts', 'yaml', 'json'] as const;
type Format = (typeof formats)[number];

export const initCommand = command('init', 'Write a config and sample data to start from.', {
  args: {
    folder: { type: 'positional', description: 'Where (default: here)', required: false, default: '.', valueHint: 'folder' },
    format: { type: 'string', description: 'ts, yaml or json; asked for in a terminal, else yaml', valueHint: 'name' },
    force: { type: 'boolean', description: 'Replace a config that is there', default: false },
    yes: { type: 'boolean', alias: 'y', description: 'Ask nothing', default: false },
    json: jsonOption,
  },
  examples: ['taskloom init', 'taskloom init my-project --format ts --yes'],
  async run(args) {
    const format = await chooseFormat(args.format, args.yes || args.json);
    if (format === undefined) return 130;
    const path = join(args.folder, `taskloom.config.${format}`);
    if (existsSync(path) && !args.force) throw usageError(`There is a '${path}' already.`, 'Replace it with --force.');
    await mkdir(join(args.folder, 'data'), { recursive: true });
    await cp(supportDataFolder(), join(args.folder, 'data', 'support'), { recursive: true, force: true });
    await writeFile(path, render(format));
    if (args.json) writeJson({ config: path, data: join(args.folder, 'data', 'support') });
    else {
      say(`Wrote ${styled('bold', path)} and ${join(args.folder, 'data', 'support')}: five tasks on customer-support messages.`);
      say(`\nNext:\n${args.folder === '.' ? '' : `  cd ${args.folder}\n`}  taskloom data describe\n  taskloom train`);
    }
    return undefined;
  },
});

async function chooseFormat(given: string | undefined, silent: boolean): Promise<Format | undefined> {
  if (given !== undefined) {
    const found = formats.find((format) => format === given);
    if (!found) throw usageError(`There is no format '${given}'. It is one of ${formats.join(', ')}.`);
    return found;
  }
  if (silent || process.stdin.isTTY !== true || process.stdout.isTTY !== true) return 'yaml';
  const { isCancel, select } = await import('@clack/prompts');
  const answer = await select<Format>({
    message: 'How should the config be written?',
    options: [
      { value: 'yaml', label: 'YAML', hint: 'errors with line and column' },
      { value: 'ts', label: 'TypeScript', hint: 'completion in the editor' },
      { value: 'json', label: 'JSON' },
    ],
  });
  return isCancel(answer) ? undefined : answer;
}

/** The support config, its paths under data/support. */
function render(format: Format): string {
  const below = (files: object) => Object.fromEntries(Object.entries(files).map(([split, file]) => [split, `data/support/${file}`]));
  const config = { ...supportConfig, tasks: supportConfig.tasks.map((task) => ({ ...task, data: below(task.data) })) };
  const text = JSON.stringify(config, null, 2);
  if (format === 'json') return `${text}\n`;
  if (format === 'yaml')
    return `# Five tasks on customer-support messages. All keys: the README of @taskloom/pipeline.\n${stringify(JSON.parse(text))}`;
  const code = text.replace(/"([A-Za-z]\w*)":/g, '$1:').replace(/"/g, "'");
  return `import { defineConfig } from 'taskloom';\n\n// Five tasks on customer-support messages.\nexport default defineConfig(${code});\n`;
}
