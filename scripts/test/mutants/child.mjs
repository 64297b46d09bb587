// Reads mutants `from` … `to` − 1 of one format, or the worst by hand, and prints a line of JSON for each. Run: node child.mjs <format> <from> <to> | <format> worst
import { readFileSync, writeFileSync } from 'node:fs';
import { TaskloomError } from '@taskloom/core/host';
import { formats } from './formats.mjs';
import { mutate } from './mutate.mjs';
import { worst } from './worst.mjs';

const [name, from, to] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const { seed, read, mutate: damage = mutate } = formats[name];
const good = await seed();
await read(good instanceof Map ? { files: good } : good);
for (const [number, make] of Number.isNaN(from) ? Object.entries(worst[name](good)) : mutants()) {
  const damaged = make();
  const memory = peak();
  const start = process.cpuUsage();
  let outcome = 'valid';
  let message = '';
  try {
    await read(damaged);
  } catch (error) {
    outcome = TaskloomError.isInstance(error) ? 'TaskloomError' : 'other';
    message = `${error?.code ?? error?.name}: ${error?.message}`.slice(0, 300);
  }
  process.stdout.write(`${JSON.stringify({ number, outcome, message, seconds: cpuSeconds(start), megabytes: memory() })}\n`);
}

function* mutants() {
  for (let number = from; number < to; number++) yield [number, () => damage(good, number)];
}

/** The processor's, not the clock's: other work on the machine must not fail a test. A reader that waits for ever fails by the test's limit. */
function cpuSeconds(start) {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

/** By how many megabytes the resident memory has grown at its peak since the call; where the system does not tell of peaks, by now. */
function peak() {
  const before = process.memoryUsage().rss;
  let reset = true;
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    reset = false;
  }
  const resident = () =>
    reset ? 1024 * Number(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) : process.memoryUsage().rss;
  return () => Math.max(0, resident() - before) / 2 ** 20;
}
