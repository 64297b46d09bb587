import '@tensorflow/tfjs-backend-cpu';
import { existsSync, readFileSync } from 'node:fs';
import { setBackend, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { deviation, type GoldenCase, type Outcome } from '../../../../scripts/golden/golden';
import { cases as losses } from '../../../../scripts/golden/losses';
import { handlerFor } from '../../../../scripts/golden/map';
import { cases as optimizers } from '../../../../scripts/golden/optimizers';

beforeAll(async () => void (await setBackend('cpu')));

describe.each([
  ['optimizers.json', optimizers],
  ['losses.json', losses],
] as const)('golden vectors of %s', (file, cases) => {
  const url = new URL(`../../../../../shared/golden/${file}`, import.meta.url);
  const given = existsSync(url) ? (JSON.parse(readFileSync(url, 'utf8')) as GoldenCase[]).filter((one) => one.kind !== 'weighting') : [];
  const mapped = given.filter((one) => handlerFor(cases, one));

  it.skipIf(given.length === 0)(`are met in float32 to 1e-4 (skipped where ${file} is absent)`, () => {
    expect(mapped.length).toBeGreaterThan(90);
    for (const one of mapped) {
      tidy(() => {
        const checks = handlerFor(cases, one)!(one) as Exclude<Outcome, undefined | { skip: string }>;
        expect(checks.length).toBeGreaterThan(0);
        for (const check of checks) {
          const off = 'holds' in check ? Number(!check.holds) * 2 : deviation(check.got, check.expected, 1e-4, check.scale);
          expect(off, `${one.id}: ${check.name}`).toBeLessThanOrEqual(1);
        }
      });
    }
  });
});
