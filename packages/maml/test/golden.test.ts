import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import '@tensorflow/tfjs-backend-cpu';
import { setBackend, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { deviation, type GoldenCase } from '../../../scripts/golden/golden';
import { cases } from '../../../scripts/golden/maml';

const file = fileURLToPath(new URL('../../../../shared/golden/maml.json', import.meta.url));
const methods = Object.keys(cases);

describe.skipIf(!existsSync(file))('golden numbers (skipped where ../shared/golden is absent)', () => {
  beforeAll(() => setBackend('cpu'));
  const all = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as GoldenCase[]) : [];

  it.each(methods)('%s agrees with the reference in every case', (method) => {
    const own = all.filter((one) => one.method === method);
    expect(own.length).toBeGreaterThan(10);
    const failures = own.flatMap((one) =>
      tidy(() => {
        const checks = cases[method]!(one) as { name: string; got: number[]; expected: number[] }[];
        return checks.filter((check) => deviation(check.got, check.expected, 1e-4) > 1).map((check) => `${one.id}: ${check.name}`) as never;
      }),
    );
    expect(failures).toEqual([]);
  });
});
