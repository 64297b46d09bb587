import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

/** A process of its own: the memory of this one is the test runner's. `bench/onnx-soak.ts` measures, and ends with 1 where tensors or memory grow. */
test('5,000 compiled steps hold no more tensors and no more memory than the first thousand', async () => {
  const child = spawn(process.execPath, ['--expose-gc', 'examples/run.mjs', '../bench/onnx-soak.ts', '--one-shape', '--steps', '5000'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => said.push(String(data)));
  const [code] = await once(child, 'close');
  const text = said.join('');
  expect(code, text).toBe(0);
  expect(text).toMatch(/Tensors: the same in all samples.*\n.*resident [+−]\d+\.\d+ MB.*: flat\./);
});
