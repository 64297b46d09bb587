import type { HostArray } from '@taskloom/core';
import { gradientCases } from '@taskloom/testing/gradient-cases';
import { dispose, setBackend } from '@tensorflow/tfjs-core';
import { describe, test } from 'vitest';
import { expectDerivatives } from './derivatives';

/*
 * core's table of gradients, whose ✓ are checked against finite differences: compiled, each row has the same values, first and second derivatives.
 */
for (const [chapter, cases] of Object.entries(gradientCases)) {
  describe(chapter, () => {
    for (const { op, f, inputs } of cases) {
      test(op, async () => {
        await setBackend('cpu');
        const made = inputs();
        const named = made.map((x, i) => [`x${i}`, { shape: x.shape, dtype: x.dtype, data: x.dataSync().slice() } as HostArray] as const);
        dispose(made);
        const floats = named.filter(([, { dtype }]) => dtype === 'float32');
        const others = named.filter(([, { dtype }]) => dtype !== 'float32');
        await expectDerivatives(
          (variables, fixed) => f(...named.map(([name]) => (variables[name] ?? fixed[name])!)),
          Object.fromEntries(floats),
          Object.fromEntries(others),
        );
      });
    }
  });
}
