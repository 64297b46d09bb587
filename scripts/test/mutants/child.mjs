// Reads mutants `from` … `to` − 1 of one format and prints a line of JSON for each. Run: node child.mjs <format> <from> <to>
import { TaskloomError } from '@taskloom/core/host';
import { formats } from './formats.mjs';
import { mutate } from './mutate.mjs';

const [name, from, to] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const { seed, read, mutate: damage = mutate } = formats[name];
const good = await seed();
await read(good instanceof Map ? { files: good } : good);
const before = process.memoryUsage().rss;
for (let number = from; number < to; number++) {
  const start = process.cpuUsage();
  let outcome = 'valid';
  let message = '';
  try {
    await read(damage(good, number));
  } catch (error) {
    outcome = TaskloomError.isInstance(error) ? 'TaskloomError' : 'other';
    message = `${error?.code ?? error?.name}: ${error?.message}`.slice(0, 300);
  }
  process.stdout.write(
    `${JSON.stringify({ number, outcome, message, seconds: cpuSeconds(start), megabytes: (process.memoryUsage().rss - before) / 2 ** 20 })}\n`,
  );
}

/** The processor's, not the clock's: other work on the machine must not fail a test. A reader that waits for ever fails by the test's limit. */
function cpuSeconds(start) {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}
