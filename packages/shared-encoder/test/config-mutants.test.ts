import '@tensorflow/tfjs-backend-cpu';
import { type Json, TaskloomError } from '@taskloom/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  bagOfEmbeddings,
  classification,
  head,
  mlp,
  multiLabel,
  ordinal,
  pairSimilarity,
  recurrent,
  regression,
  tagging,
  textCNN,
  transformer,
  trunk,
} from '../src';

const labels = ['O', 'B-a', 'I-a'];
const configs: readonly Json[] = [
  bagOfEmbeddings({ size: { words: 9, characters: 5 }, width: 4, bags: ['words', 'characters'], projection: 3, dropout: 0.1 }).config,
  mlp({ inputs: 4, units: [5, 3], activation: 'gelu', dropout: 0.1 }).config,
  recurrent({ size: 9, width: 4, units: 2, layers: 1, length: 5, pooling: 'meanMax' }).config,
  textCNN({ size: 9, width: 4, filters: 2, widths: [2, 3], pooling: 'attention' }).config,
  transformer({ size: 9, width: 4, heads: 2, norm: 'post', positions: 'sinusoidal' }).config,
  classification({ inputs: 4, labels, classWeights: [1, 2, 3], labelSmoothing: 0.1 }).config,
  multiLabel({ inputs: 4, labels, positiveWeight: [1, 2, 3] }).config,
  regression({ inputs: 4, loss: 'huber' }).config,
  ordinal({ inputs: 4, labels }).config,
  tagging({ inputs: 4, labels }).config,
  tagging({ inputs: 4, labels, crf: true }).config,
  pairSimilarity({ inputs: 4, output: 'score', range: [1, 5] }).config,
];

/** One place of a config replaced, taken away or added to. */
const mutant = fc
  .record({
    config: fc.constantFrom(...configs),
    place: fc.nat(),
    inner: fc.nat(),
    value: fc.jsonValue({ maxDepth: 2 }),
    how: fc.constantFrom('set', 'drop', 'add', 'inside'),
  })
  .map(({ config, place, inner, value, how }) => {
    const copy = JSON.parse(JSON.stringify(config)) as Record<string, unknown>;
    const names = Object.keys(copy);
    const name = names[place % names.length]!;
    const old = copy[name];
    if (how === 'drop') delete copy[name];
    else if (how === 'add') copy[`${name}s`] = value;
    else if (how === 'inside' && Array.isArray(old)) old[inner % (old.length + 1)] = value;
    else copy[name] = value;
    return copy as Json;
  });

it('a config with a mistake builds, or says what is wrong: nothing else', () => {
  const outcomes = { built: 0, refused: 0 };
  fc.assert(
    fc.property(mutant, (config) => {
      for (const build of [trunk, head]) {
        try {
          build(config);
          outcomes.built++;
        } catch (error) {
          if (!TaskloomError.isInstance(error)) throw error;
          outcomes.refused++;
        }
      }
    }),
    { numRuns: 1000 },
  );
  expect(outcomes.built).toBeGreaterThan(20);
  expect(outcomes.refused).toBeGreaterThan(1000);
});

it('what is no object is refused', () => {
  for (const config of [null, 1, 'textCNN', [], [{}]] as Json[])
    for (const build of [trunk, head]) expect(() => build(config)).toThrow(/A config is an object/);
});
