import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const bin = fileURLToPath(new URL('../bin/taskloom.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'taskloom-readme-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The shell commands of a README in order: `cd`s and calls of taskloom; training is cut to a few steps. */
function commandsOf(readme: string): string[][] {
  const blocks = [...readFileSync(new URL(readme, import.meta.url), 'utf8').matchAll(/```sh\n([\s\S]*?)```/g)].map(([, code]) => code!);
  return blocks
    .flatMap((code) => code.split('\n').flatMap((line) => line.replace(/\s#\s.*$/, '').split('&&')))
    .map((command) => [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!))
    .filter(([first, second]) => first === 'cd' || (first === 'npx' && second === 'taskloom'))
    .map((words) => (words[2] === 'train' ? [...words, '--steps', '4'] : words));
}

describe.each(['../../../README.md', '../README.md'])('the commands of %s', (readme) => {
  it('all work, in their order', () => {
    const commands = commandsOf(readme);
    expect(commands.length).toBeGreaterThan(4);
    let place = mkdtempSync(join(folder, 'project-'));
    for (const [first, second, ...args] of commands) {
      if (first === 'cd') {
        place = resolve(place, second!);
        writeFileSync(join(place, 'mails.jsonl'), '{"text":"Where is my parcel?"}\n');
        continue;
      }
      const { status, stderr } = spawnSync(process.execPath, [bin, ...args], { cwd: place, encoding: 'utf8', input: 'A text.\n' });
      expect(status, `${args.join(' ')}: ${stderr}`).toBe(0);
    }
  });
});
