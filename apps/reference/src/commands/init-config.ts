import { join } from 'node:path';
import { stringify } from 'yaml';
import { supportConfig } from '../support-config';

export const formats = ['ts', 'yaml', 'json'] as const;
export type Format = (typeof formats)[number];

export function configPath(folder: string, format: Format): string {
  return join(folder, `taskloom.config.${format}`);
}

/** The support config as a file, its data under data/support. */
export function renderConfig(format: Format): string {
  const below = (files: object) => Object.fromEntries(Object.entries(files).map(([split, file]) => [split, `data/support/${file}`]));
  const config = { ...supportConfig, tasks: supportConfig.tasks.map((task) => ({ ...task, data: below(task.data) })) };
  const text = JSON.stringify(config, null, 2);
  if (format === 'json') return `${text}\n`;
  if (format === 'yaml')
    return `# Five tasks on customer-support messages. All keys: the README of @taskloom/pipeline.\n${stringify(JSON.parse(text))}`;
  const code = text.replace(/"([A-Za-z]\w*)":/g, '$1:').replace(/"/g, "'");
  return `import { defineConfig } from 'taskloom';\n\n// Five tasks on customer-support messages. All keys: the README of @taskloom/pipeline.\nexport default defineConfig(${code});\n`;
}
