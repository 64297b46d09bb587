import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { deviation, type GoldenCase } from '../../../scripts/golden/golden';
import { handlerFor } from '../../../scripts/golden/map';
import { cases } from '../../../scripts/golden/metrics';

const file = fileURLToPath(new URL('../../../../shared/golden/metrics.json', import.meta.url));

describe.skipIf(!existsSync(file))('metrics against golden numbers (skipped where ../shared is absent)', () => {
  const given: GoldenCase[] = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
  test.each(given.map((one) => [one.id, one] as const))('%s', async (_, one) => {
    const outcome = await handlerFor(cases, one)?.(one);
    if (!outcome || 'skip' in outcome) throw new Error(`no counterpart of ${one.id}`);
    expect(outcome.length).toBeGreaterThan(0);
    for (const check of outcome) {
      if ('holds' in check) expect(check.holds, check.name).toBe(true);
      else
        expect(deviation(check.got, check.expected, one.tolerance), `${check.name}: ${JSON.stringify(check.got)}`).toBeLessThanOrEqual(1);
    }
  });
});
