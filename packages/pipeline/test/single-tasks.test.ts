import { expect, it } from 'vitest';
import { memoryData, resolveConfig, singleTaskConfigs } from '../src/index';

const rows = (count: number) => Array.from({ length: count }, (_, i) => ({ text: `a${i}`, label: String(i % 2) }));
const data = memoryData({ large: rows(300), small: rows(100), third: rows(100) });
const task = (name: string, train: string) => ({ name, head: 'classification' as const, data: { train } });
const config = (
  training: object,
  tasks = [task('a', 'large'), task('b', 'small'), task('c', 'third')],
  groups?: { name: string; tasks: string[] }[],
) => resolveConfig({ tasks, groups, training: { steps: 1000, batchSize: 10, ...training } });
const stepsOf = async (...given: Parameters<typeof config>) =>
  Object.fromEntries((await singleTaskConfigs(config(...given), data)).map((single) => [single.unit, single.config.training.steps]));

it('gives each task the rows that it sees among the others', async () => {
  expect(await stepsOf({})).toEqual({ a: 600, b: 200, c: 200 });
  expect(await stepsOf({ sampler: 'uniform', sourcesPerStep: 2 })).toEqual({ a: 333, b: 333, c: 333 });
  expect(await stepsOf({ sourcesPerStep: 'all' })).toEqual({ a: 1000, b: 1000, c: 1000 });
  const { a, b } = await stepsOf({ sampler: 'annealed', temperature: 5 });
  expect(a).toBeLessThan(600);
  expect(a).toBeGreaterThan(b!);
  // Tasks on the same rows see all of them.
  expect(await stepsOf({}, [task('a', 'large'), { ...task('b', 'large'), name: 'b' }])).toEqual({ a: 1000, b: 1000 });
});

it('keeps a group together, judged as one', async () => {
  const [group, alone] = await singleTaskConfigs(
    config({ balancer: 'pcgrad', earlyStopping: { metric: 'a/accuracy' } }, undefined, [{ name: 'bc', tasks: ['b', 'c'] }]),
    data,
  );
  expect(group).toMatchObject({
    unit: 'bc',
    config: { groups: [{ name: 'bc' }], training: { steps: 400, balancer: 'sum', earlyStopping: { metric: 'mean' } } },
  });
  expect(group!.config.tasks.map(({ name }) => name)).toEqual(['b', 'c']);
  expect(alone).toMatchObject({ unit: 'a', config: { training: { steps: 600 } } });
  expect(alone!.config.groups).toBeUndefined();
  for (const single of [group!, alone!]) expect(() => resolveConfig(JSON.parse(JSON.stringify(single.config)))).not.toThrow();
});

it('leaves finer labels out where their task is another model', async () => {
  const trunk = { kind: 'joined' as const, parts: { bag: { kind: 'bagOfEmbeddings' as const }, linear: { kind: 'linear' as const } } };
  const tasks = [{ ...task('a', 'large'), finer: 'b' }, { ...task('b', 'large') }];
  const of = (groups?: { name: string; tasks: string[] }[]) =>
    singleTaskConfigs(resolveConfig({ tasks, trunk, groups, training: { steps: 10 } }), data);
  for (const { config: own } of await of()) expect(() => resolveConfig(JSON.parse(JSON.stringify(own)))).not.toThrow();
  const [together] = await of([{ name: 'ab', tasks: ['a', 'b'] }]);
  expect(together!.config.tasks[0]).toMatchObject({ finer: 'b' });
});
