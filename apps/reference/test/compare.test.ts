import { stripVTControlCharacters } from 'node:util';
import { memoryData, type ResolvedConfig, resolveConfig } from '@taskloom/pipeline';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { methodsFrom } from '../src/compare/methods';
import { type ComparisonPlan, study, trialCount } from '../src/compare/study';
import type { Trial } from '../src/compare/trials';
import { studyReport } from '../src/terminal/study';

beforeAll(() => {
  vi.stubEnv('NO_COLOR', '1');
  vi.stubEnv('FORCE_COLOR', '');
});

const rows = Array.from({ length: 40 }, (_, i) => ({ text: `a${i}`, label: String(i % 2), size: i }));
const data = memoryData({ one: rows, two: rows });
const config = resolveConfig({
  seed: 7,
  tasks: [
    { name: 'topic', head: 'classification', data: { train: 'one', validation: 'one' } },
    { name: 'size', head: 'regression', data: { train: 'two', validation: 'two' }, columns: { label: 'size' } },
  ],
  training: { steps: 100, learningRate: 0.01, sourcesPerStep: 'all' },
});
const plan = (more: Partial<ComparisonPlan> = {}): ComparisonPlan => ({
  config,
  data,
  methods: methodsFrom('log,nashMtl:updateEvery=2'),
  seeds: [7, 8, 9],
  grid: [0.3, 1, 3],
  tune: 'sum',
  single: true,
  ...more,
});

/** Trainings whose scores are known: log is better than the sum by far, Nash-MTL by less than the seeds differ; the sum likes a rate of 0.03. */
function fakeRuns() {
  const ids: string[] = [];
  const run = async (id: string, own: ResolvedConfig): Promise<Trial> => {
    ids.push(id);
    const gain = id.startsWith('log') ? 0.1 : id.startsWith('nash') ? 0.001 : 0;
    const accuracy = 0.7 + gain + 0.01 * (own.seed - 8);
    const metrics = { topic: { accuracy }, size: { meanAbsoluteError: 1 - gain } };
    const tasks = Object.fromEntries(
      own.tasks.map(({ name }) => [
        name,
        { rows: 40, loss: 1, metrics: metrics[name as 'topic' | 'size'] as { [metric: string]: number } },
      ]),
    );
    return {
      config: own,
      evaluation: { tasks, mean: accuracy },
      validation: accuracy + own.training.learningRate,
      steps: 100,
      seconds: 4,
      memory: 2 ** 28,
    };
  };
  return { ids, run };
}

describe('a comparison', () => {
  it('tunes the sum, gives all others its rate, and trains each once a seed', async () => {
    const { ids, run } = fakeRuns();
    const result = (await study(plan(), run))!;
    expect(new Set(ids).size).toBe(trialCount(plan()));
    expect(ids.slice(0, 3)).toEqual(['sum/rate-0.003/seed-7', 'sum/rate-0.01/seed-7', 'sum/rate-0.03/seed-7']);
    expect(ids.filter((id) => id.startsWith('nash'))).toEqual([7, 8, 9].map((seed) => `nashMtl:updateEvery=2/rate-0.03/seed-${seed}`));
    expect(ids.filter((id) => id.startsWith('single'))).toHaveLength(6);
    expect(result.units).toEqual({
      topic: { metric: 'accuracy', higherIsBetter: true },
      size: { metric: 'meanAbsoluteError', higherIsBetter: false },
    });
    const found = Object.fromEntries(result.summary.map((row) => [row.method, row]));
    expect(found.log).toMatchObject({ learningRate: 0.03, atEdge: true, stepsPerSecond: 25, versus: { verdict: 'better' } });
    expect(found['nashMtl:updateEvery=2']!.versus.verdict).toBe('noise');
    expect(found.sum!.deltaM.mean).toBeCloseTo(0, 10);
    // (0.1/0.7 + 0.1/1) / 2
    expect(found.log!.deltaM.mean).toBeCloseTo(-100 * ((0.1 / 0.7 + 0.1) / 2), 8);
  });

  it('tells in words who is better beyond noise', async () => {
    const text = stripVTControlCharacters(studyReport((await study(plan(), fakeRuns().run))!, 400));
    expect(text).toContain('Better than the sum beyond the noise of 3 seeds: log. Within the noise, either way: nashMtl:updateEvery=2.');
    expect(text).toMatch(/size, mean absolute error ↓/);
    expect(text).toMatch(/single-task +0\.700 ± 0\.010/);
    expect(text).toContain('widen it with --grid');
    expect(text).toMatch(/^log .* 256 MB$/m);
    expect(text).toContain('What earlier trainings left in it is included');
    const once = stripVTControlCharacters(studyReport((await study(plan({ seeds: [7], single: false, grid: [1] }), fakeRuns().run))!, 200));
    expect(once).toContain('One seed says nothing about noise');
    expect(once).not.toContain('single-task');
  });

  it('tunes every method where asked to, and stops where a training was interrupted', async () => {
    const { ids, run } = fakeRuns();
    await study(plan({ tune: 'all' }), run);
    expect(new Set(ids).size).toBe(trialCount(plan({ tune: 'all' })));
    let left = 4;
    expect(await study(plan(), async (id, own) => (left-- > 0 ? run(id, own) : undefined))).toBeUndefined();
  });
});

it('reads methods with options, and tells the nearest name', () => {
  const [sum, log] = [
    { label: 'sum', balancer: 'sum' },
    { label: 'log', balancer: 'log' },
  ];
  expect(methodsFrom('fairGrad:alpha=2,sum,log')).toEqual([
    sum,
    log,
    { label: 'fairGrad:alpha=2', balancer: 'fairGrad', balancerOptions: { alpha: 2 } },
  ]);
  expect(methodsFrom('famo').map(({ label }) => label)).toEqual(['sum', 'log', 'famo']);
  expect(() => methodsFrom('uncertainly')).toThrow(/Did you mean 'uncertainty'/);
  expect(() => methodsFrom('nashMtl:every=2')).toThrow(/no option 'every'/);
  expect(() => methodsFrom('log:epsilon')).toThrow(/not name=value/);
});
