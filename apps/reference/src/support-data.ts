import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TaskloomError } from '@taskloom/core';

/** The folder of the customer-support data that come with this package. */
export function supportDataFolder(): string {
  for (const candidate of ['../data/support', '../../data/support']) {
    const folder = fileURLToPath(new URL(candidate, import.meta.url));
    if (existsSync(folder)) return folder;
  }
  throw new TaskloomError('internal', 'The support data are missing from this installation.');
}
