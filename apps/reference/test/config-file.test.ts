import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TaskloomError } from '@taskloom/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfigFile } from '../src/config-file';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'taskloom-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function messageOf(text: string): Promise<string> {
  const path = join(folder, 'taskloom.config.yaml');
  writeFileSync(path, text);
  const error: unknown = await loadConfigFile(path).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!TaskloomError.isInstance(error) || error.code !== 'bad_config') throw new Error(`expected bad_config, got ${String(error)}`);
  return error.message.replaceAll(path, 'FILE');
}

const task = '{ name: topic, head: classification, data: { train: a } }';

describe('a config in YAML', () => {
  it('may use aliases', async () => {
    const path = join(folder, 'good.yaml');
    writeFileSync(path, `name: &n topic\ntasks: [{ name: *n, head: classification, data: { train: a } }]\n`);
    expect((await loadConfigFile(path)).config.tasks[0]!.name).toBe('topic');
  });

  it('says where a key is given twice, at any depth', async () => {
    expect(await messageOf(`tasks: [${task}]\nname: a\nname: b\n`)).toBe("FILE:3:1 'name' is given twice");
    expect(await messageOf(`tasks: [${task}]\ntraining:\n  steps: 1\n  steps: 2\n`)).toBe("FILE:4:3 'steps' is given twice");
  });

  it('with aliases to nothing, or for a billion words, is refused', async () => {
    expect(await messageOf(`tasks: [${task}]\nname: *nothing\n`)).toContain("'FILE' cannot be read: Unresolved alias");
    const laughs = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${new Array(10).fill(`*a${i}`).join()}]\n`).join('');
    expect(await messageOf(`a0: &a0 [lol]\n${laughs}`)).toContain("'FILE' cannot be read: Excessive alias count");
  });

  it('that is no config for its size is not parsed', async () => {
    expect(await messageOf(`name: ${'a'.repeat(300_000)}`)).toContain("'FILE' is too large for a config. Expected at most 262144 bytes");
  });

  it('of thousands of unknown keys is answered in short', async () => {
    const message = await messageOf(Array.from({ length: 2000 }, (_, i) => `k${i}: 1\n`).join(''));
    expect(message).toContain("FILE:100:1 k99: Unknown key 'k99'.");
    expect(message).not.toContain('k100:');
    expect(message).toContain('(top level): And 1900 more unknown keys.');
  });
});
