import '@tensorflow/tfjs-backend-cpu';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { setBackend } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Config, type DataProvider, evaluateBaseline, type Row } from '../src/index';

const shared = fileURLToPath(new URL('../../../../shared/data/tweeteval/', import.meta.url));
const topics = ['abortion', 'atheism', 'climate', 'feminist', 'hillary'];

beforeAll(() => setBackend('cpu'));

const read = (path: string): readonly Row[] =>
  gunzipSync(readFileSync(`${shared}${path}.jsonl.gz`))
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
const data: DataProvider = { rows: async (path) => read(path) };

const task = (name: string, folder: string, classes: number) => ({
  name,
  head: 'classification' as const,
  labels: Array.from({ length: classes }, (_, i) => String(i)),
  data: { train: `${folder}/train`, test: `${folder}/test` },
});
const config: Config = {
  features: { kind: 'hashed', characters: false, bigrams: false, buckets: 64 },
  trunk: { kind: 'bagOfEmbeddings', width: 2 },
  tasks: [
    { ...task('irony', 'irony', 2), metrics: [{ f1: '1' }, 'macroF1', 'macroRecall'] },
    { ...task('emotion', 'emotion', 4), metrics: ['macroF1'] },
    ...topics.map((topic) => ({ ...task(topic, `stance/${topic}`, 3), metrics: [{ f1: ['1', '2'] }] })),
  ],
  groups: [{ name: 'stance', tasks: topics }],
};

/** Rows by class. */
const counts = (path: string, classes: number) =>
  read(path).reduce<number[]>((sum, { label }) => sum.with(label as number, sum[label as number]! + 1), new Array<number>(classes).fill(0));
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

describe.skipIf(!existsSync(shared))(
  "TweetEval's metrics of the most frequent label, from counts alone (skipped where ../shared is absent)",
  () => {
    it('are those of evaluateBaseline', async () => {
      const { tasks, groups, mean } = await evaluateBaseline(config, 'test', data);
      // Irony is a little more frequent in training, so that all is called irony: F1 = 2n₁/(n₁ + n), and the other class has none.
      const irony = counts('irony/test', 2);
      expect(counts('irony/train', 2)[1]).toBeGreaterThan(counts('irony/train', 2)[0]!);
      const f1 = (2 * irony[1]!) / (irony[1]! + sum(irony));
      expect(tasks.irony!.metrics).toEqual({ 'f1[1]': expect.closeTo(f1, 12), macroF1: expect.closeTo(f1 / 2, 12), macroRecall: 0.5 });
      // Emotion: anger, class 0.
      const emotion = counts('emotion/test', 4);
      const anger = (2 * emotion[0]!) / (emotion[0]! + sum(emotion)) / 4;
      expect(tasks.emotion!.metrics.macroF1).toBeCloseTo(anger, 12);
      // Stance: against everywhere but for climate, where favor leads. Pooled: class k has 2·right/(predicted + targets).
      const pooled = topics.map((topic) => ({ own: counts(`stance/${topic}/test`, 3), said: topic === 'climate' ? 2 : 1 }));
      for (const topic of topics) {
        const train = counts(`stance/${topic}/train`, 3);
        expect(train.indexOf(Math.max(...train))).toBe(topic === 'climate' ? 2 : 1);
      }
      const ofClass = (k: number) =>
        (2 * sum(pooled.map(({ own, said }) => (said === k ? own[k]! : 0)))) /
        (sum(pooled.map(({ own, said }) => (said === k ? sum(own) : 0))) + sum(pooled.map(({ own }) => own[k]!)));
      const stance = (ofClass(1) + ofClass(2)) / 2;
      expect(groups!.stance).toMatchObject({ rows: 623, metrics: { 'f1[1,2]': expect.closeTo(stance, 12) } });
      expect(mean).toBeCloseTo((f1 + anger + stance) / 3, 12);
    });
  },
);
