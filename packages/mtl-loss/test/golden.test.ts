import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import '@tensorflow/tfjs-backend-cpu';
import { setBackend, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { cases as aggregators } from '../../../scripts/golden/aggregators';
import { type Cases, type Check, deviation, type GoldenCase } from '../../../scripts/golden/golden';
import { cases as weightings } from '../../../scripts/golden/weightings';

const read = (name: string): GoldenCase[] => {
  const file = fileURLToPath(new URL(`../../../../shared/golden/${name}`, import.meta.url));
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as GoldenCase[]) : [];
};
const here = ['mean', 'sum', 'ew', 'constant', 'mgda', 'pcgrad', 'dwa', 'uw', 'scale-invariant'];

function failuresOf(all: readonly GoldenCase[], cases: Cases, key: string, least: number): string[] {
  const own = all.filter((one) => (key.includes('/') ? `${one.method}/${one.variant}` === key : one.method === key));
  return own.flatMap((one) => {
    let failures: string[] = [];
    tidy(() => {
      const checks = cases[key]!(one) as readonly Check[];
      if (checks.length === 0) failures = [`${one.id}: nothing was checked`];
      failures.push(
        ...checks
          .filter((check) =>
            'holds' in check ? !check.holds : deviation(check.got, check.expected, Math.max(one.tolerance, least), check.scale) > 1,
          )
          .map((check) => `${one.id}: ${check.name}`),
      );
    });
    return failures;
  });
}

describe.skipIf(read('losses.json').length === 0)('golden numbers (skipped where ../shared/golden is absent)', () => {
  beforeAll(() => setBackend('cpu'));
  const keys = (cases: Cases) => Object.keys(cases).filter((key) => here.includes(key.split('/')[0]!));

  it.each(keys(aggregators))('%s agrees with the reference in every case', (key) => {
    expect(failuresOf(read('aggregators.json'), aggregators, key, 0)).toEqual([]);
  });

  it.each(keys(weightings))('%s agrees with the reference in every case', (key) => {
    expect(failuresOf(read('losses.json'), weightings, key, 1e-4)).toEqual([]);
  });
});
