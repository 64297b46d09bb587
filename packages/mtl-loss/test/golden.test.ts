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
/** Later methods bring tests of their own. */
const here = [
  'mean',
  'sum',
  'ew',
  'constant',
  'mgda',
  'pcgrad',
  'upgrad',
  'dualproj',
  'cagrad',
  'rgw',
  'dwa',
  'uw',
  'scale-invariant',
  'trimmed-mean',
  'sdmgrad',
  'modo',
  'moco',
  'graddrop',
  'db-mtl',
  'gls',
  'imtl-l',
  'stch',
  'rlw',
  'famo',
  'gradnorm',
  'excessmtl',
  'nash-mtl',
  'fairgrad',
  'aligned-mtl',
  'imtl-g',
  'imtl',
  'config',
  'gradvac',
  'krum',
];

/** What does not agree, and how many cases were checked; a case without a counterpart of ours is not. */
function compare(all: readonly GoldenCase[], cases: Cases, method: string, least: number): { checked: number; failures: string[] } {
  let checked = 0;
  const failures: string[] = [];
  for (const one of all.filter((each) => each.method === method)) {
    tidy(() => {
      const checks = (cases[`${method}/${one.variant}`] ?? cases[method]!)(one) as readonly Check[] | undefined;
      if (!checks) return;
      checked++;
      if (checks.length === 0) failures.push(`${one.id}: nothing was checked`);
      const tolerance = Math.max(one.tolerance, least);
      const wrong = (check: Check) => ('holds' in check ? !check.holds : deviation(check.got, check.expected, tolerance, check.scale) > 1);
      failures.push(...checks.filter(wrong).map((check) => `${one.id}: ${check.name}`));
    });
  }
  return { checked, failures };
}

describe.skipIf(read('losses.json').length === 0)('golden numbers (skipped where ../shared/golden is absent)', () => {
  beforeAll(() => setBackend('cpu'));
  const methods = (cases: Cases) => Object.keys(cases).filter((method) => here.includes(method));

  it.each(methods(aggregators))('%s agrees with the reference in every case', (method) => {
    const { checked, failures } = compare(read('aggregators.json'), aggregators, method, 0);
    expect(failures).toEqual([]);
    expect(checked).toBeGreaterThan(4);
  });

  it.each(methods(weightings))('%s agrees with the reference in every case', (method) => {
    // What is computed in tensors is in float32.
    const inTensors = ['uw', 'scale-invariant', 'gls', 'imtl-l', 'stch'].includes(method);
    const { checked, failures } = compare(read('losses.json'), weightings, method, inTensors ? 1e-4 : 0);
    expect(failures).toEqual([]);
    expect(checked).toBeGreaterThan(5);
  });
});
