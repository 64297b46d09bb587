import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Network } from '../../src/graph/minimum-cut';

const [source, sink, vertices] = [0, 1, 7];
const edges = fc.array(fc.tuple(fc.nat(vertices - 1), fc.nat(vertices - 1), fc.nat(9)), { maxLength: 20 });

/** What leaves a set of vertices. */
const cutBy = (inside: ReadonlySet<number>, all: readonly (readonly [number, number, number])[]) =>
  all.reduce((sum, [from, to, capacity]) => sum + (inside.has(from) && !inside.has(to) ? capacity : 0), 0);

test('no cut is smaller, and of the smallest the source has the fewest vertices on its side', () => {
  fc.assert(
    fc.property(edges, (all) => {
      const network = new Network();
      for (let i = 0; i < vertices; i++) network.vertex();
      for (const edge of all) network.edge(...edge);
      const side = network.sourceSide(source, sink);
      expect(side.has(source) && !side.has(sink)).toBe(true);
      const least = cutBy(side, all);
      for (let others = 0; others < 1 << (vertices - 2); others++) {
        const inside = new Set([source, ...Array.from({ length: vertices - 2 }, (_, i) => i + 2).filter((i) => others & (1 << (i - 2)))]);
        expect(cutBy(inside, all)).toBeGreaterThanOrEqual(least);
        if (cutBy(inside, all) === least) expect(inside.size).toBeGreaterThanOrEqual(side.size);
      }
    }),
    { numRuns: 300 },
  );
});

test('edges without end are never cut', () => {
  const network = new Network();
  const [from, to, between] = [network.vertex(), network.vertex(), network.vertex()];
  network.edge(from, between, Number.POSITIVE_INFINITY);
  network.edge(between, to, 3);
  expect(network.sourceSide(from, to)).toEqual(new Set([from, between]));
});
