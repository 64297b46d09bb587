import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import '@tensorflow/tfjs-backend-cpu';
import { setBackend, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Check, deviation, type GoldenCase } from '../../../../scripts/golden/golden';
import { cases } from '../../../../scripts/golden/losses';

const file = fileURLToPath(new URL('../../../../../shared/golden/losses.json', import.meta.url));
const given = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as GoldenCase[]).filter(({ kind }) => kind === 'value') : [];

describe.skipIf(given.length === 0)('golden losses (skipped where ../shared/golden is absent)', () => {
  beforeAll(() => setBackend('cpu'));

  it('has a handler for every method', () => {
    expect([...new Set(given.map(({ method }) => method))].filter((method) => !cases[method])).toEqual([]);
  });

  it.each(Object.keys(cases))('%s agrees with the reference in every case', (method) => {
    const own = given.filter((one) => one.method === method);
    const failures = own.flatMap((one) =>
      tidy(() => {
        const checks = cases[method]!(one) as readonly Check[];
        const wrong = (check: Check) =>
          'holds' in check ? !check.holds : !(deviation(check.got, check.expected, Math.max(one.tolerance, 1e-4)) <= 1);
        return checks.length === 0 ? [`${one.id}: nothing was checked`] : checks.filter(wrong).map(({ name }) => `${one.id}: ${name}`);
      }),
    );
    expect(failures).toEqual([]);
    expect(own.length).toBeGreaterThan(2);
  });
});
