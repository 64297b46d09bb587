// Reads mutants `from` … `to` − 1 of one format and prints a line of JSON for each. Run: node child.mjs <format> <from> <to>
import { TaskloomError } from '@taskloom/core/host';
import { formats } from './formats.mjs';
import { mutate } from './mutate.mjs';

const [name, from, to] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const { seed, read } = formats[name];
const good = seed();
await read(good);
const before = process.memoryUsage().rss;
for (let number = from; number < to; number++) {
  const start = performance.now();
  let outcome = 'valid';
  let message = '';
  try {
    await read(mutate(good, number));
  } catch (error) {
    outcome = TaskloomError.isInstance(error) ? 'TaskloomError' : 'other';
    message = `${error?.code ?? error?.name}: ${error?.message}`.slice(0, 300);
  }
  process.stdout.write(
    `${JSON.stringify({ number, outcome, message, seconds: (performance.now() - start) / 1000, megabytes: (process.memoryUsage().rss - before) / 2 ** 20 })}\n`,
  );
}
