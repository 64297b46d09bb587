import { hostArray } from '@taskloom/core';
import { openModel } from '@taskloom/onnx/web';
import { beforeAll, expect, it } from 'vitest';
import { commands } from 'vitest/browser';

let exports: Awaited<ReturnType<typeof commands.exportedInNode>>;
beforeAll(async () => {
  exports = await commands.exportedInNode();
});

it.each(['fp32', 'fp16', 'int8'] as const)('an export in %s answers in Chromium as in Node', async (precision) => {
  const { file, ids, answers } = exports[precision];
  const model = await openModel(Uint8Array.from(atob(file), (character) => character.charCodeAt(0)));
  const here = await model.run({ ids: hostArray(Int32Array.from(ids.data), ids.shape) }, Object.keys(answers));
  await model.release();
  let off = 0;
  for (const [output, expected] of Object.entries(answers)) {
    expect(expected.length).toBe(5 * { topic: 4, sentiment: 3 }[output]!);
    const greatest = Math.max(...expected.map(Math.abs));
    for (const [i, value] of expected.entries()) off = Math.max(off, Math.abs(here[output]!.data[i]! - value) / greatest);
  }
  console.info(`${precision}: largest difference ${off.toExponential(1)} of the greatest logit`);
  expect(off).toBeLessThan(1e-5);
});
