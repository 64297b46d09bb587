import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { hostRandom } from '@taskloom/core/host';
import { describe, expect, it } from 'vitest';
import { hashedFeatures } from '../src';
import { nastyTexts } from './oracle/cases';

const available = spawnSync('python3', ['-c', 'import unicodedata']).status === 0;
if (!available) console.log('skipped: hashed features against their reader in Python, for want of python3');

/** Words, and code points of every kind: ASCII, Latin, the basic plane, the others, lone surrogates. */
function drawnTexts(count: number): string[] {
  const words = [
    'Where',
    'is',
    'ORDER',
    'no.',
    'A-12/7',
    "don't",
    'l’été',
    '1,299.50',
    'a@b.org',
    'ΟΔΟΣ',
    'ΑΣ.',
    'İstanbul',
    'ǅungla',
    'ﬁn',
    '東京',
    'नमस्ते',
    '👍🏽',
    '❤️',
    'a\uFE0Fb',
    '\uFE0F\uFE00',
    'x--y',
    '…',
  ];
  const ceilings = [0x80, 0x250, 0x3000, 0xd800, 0x10000, 0x20000, 0x110000];
  return Array.from({ length: count }, (_, i) => {
    const draws = hostRandom('features').fold(i).uniform(80);
    return Array.from({ length: Math.floor(draws[0]! * 25) }, (_, j) => {
      const [kind, which] = [draws[3 * j + 1]!, draws[3 * j + 2]!];
      if (kind < 0.4) return `${words[Math.floor(which * words.length)]} `;
      return String.fromCodePoint(Math.floor(which * ceilings[Math.floor(draws[3 * j + 3]! * ceilings.length)]!));
    }).join('');
  });
}

describe.skipIf(!available)('the reader in Python', () => {
  it('gives the ids that hashedFeatures gives', () => {
    const texts = [...nastyTexts().texts, ...drawnTexts(4000)];
    const features = [
      hashedFeatures(),
      hashedFeatures({
        buckets: { words: 1009, characters: 77_777 },
        wordNgrams: 4,
        characters: [1, 4],
        signed: true,
        normalization: 'NFC',
      }),
      hashedFeatures({ buckets: 4099, characters: [1, 4], start: true, acrossWords: true }),
      hashedFeatures({ buckets: { words: 1009, characters: 77_777 }, wordNgrams: 1, characters: [3, 5], signed: true, acrossWords: true }),
      hashedFeatures({ buckets: 4099, characters: [1, 4], start: true, openings: 5, signed: true }),
      hashedFeatures({ buckets: 4099, start: true, openings: 2, variationSelectors: false }),
      hashedFeatures({ buckets: 4099, start: true, variationSelectors: false }),
      hashedFeatures({ buckets: 2 ** 20, characters: null, lowercase: false, normalization: null, signed: true }),
    ];
    const input = JSON.stringify({ configs: features.map(({ config }) => config), texts });
    const script = fileURLToPath(new URL('./features.py', import.meta.url));
    const { stdout, stderr } = spawnSync('python3', [script], { input, encoding: 'utf8', maxBuffer: 2 ** 30 });
    if (stdout === '') throw new Error(stderr);
    const { ids } = JSON.parse(stdout) as { ids: (number[] | null)[][] };
    let compared = 0;
    features.forEach((one, f) => {
      texts.forEach((text, t) => {
        const found = ids[f]![t];
        if (!found) return;
        compared++;
        expect(found, JSON.stringify(text)).toEqual([...one.bag(text)]);
      });
    });
    expect(compared).toBeGreaterThan(5000);
  });
});
