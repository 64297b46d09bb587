import '@tensorflow/tfjs-backend-cpu';
import { run as apply, disposeParams, equals, flatten, memoryStore, type Params } from '@taskloom/core';
import { notWithin } from '@taskloom/shared-encoder';
import { setBackend, tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { documentOf } from '../src/document';
import type { LinearEvent } from '../src/fit-linear-part';
import { type Config, fineTune, loadRun, memoryData, type Row, resume, train } from '../src/index';
import { loadParts } from '../src/load-run';
import { supportVectors } from '../src/support-vectors';

beforeAll(async () => void (await setBackend('cpu')));

/** Colours and their temper, by single words; a colour is missing in one row. */
const rows = [
  ['red rose', 'red', 'warm'],
  ['red red sun', 'red', 'warm'],
  ['blue sea', 'blue', 'cold'],
  ['blue blue sky', 'blue', 'cold'],
  ['green sea', 'green', 'cold'],
  ['sun', undefined, 'warm'],
].map(([text, colour, temper]) => ({ text, ...(colour && { colour }), temper }));
const data = memoryData({ rows });
const task = (name: string, extra: object = {}) => ({
  name,
  head: 'classification' as const,
  data: { train: 'rows', validation: 'rows' },
  columns: { label: name },
  ...extra,
});
const config = {
  features: { kind: 'vocabulary', size: 50, minimumCount: 1 },
  trunk: { kind: 'joined', parts: { bag: { kind: 'bagOfEmbeddings', width: 4 }, wide: { kind: 'linear', cost: 3 } } },
  tasks: [task('colour', { classWeights: { blue: 2 } }), task('temper', { members: 2 })],
  training: { steps: 4, batchSize: 4, optimizer: 'adamw', weightDecay: 0.1 },
} satisfies Config;

const sharedLeaves = (run: { params: unknown }) =>
  new Map([...flatten(run.params as Params)].filter(([path]) => path.startsWith('shared/wide/') || path.includes('/linear/')));

describe('a linear part', () => {
  it.each([
    [1, 0],
    [0.5, 0],
    [1, 0.4],
  ])('is one support vector machine a class, which training leaves as it is: a bag that counts %d, ratios %d', async (weight, ratios) => {
    const store = memoryStore();
    const events: LinearEvent[] = [];
    const wide = { ...config.trunk.parts.wide, ratios, ...(weight !== 1 && { bags: { words: weight } }) };
    await train(
      { ...config, trunk: { ...config.trunk, parts: { ...config.trunk.parts, wide } } },
      { store, data, onProgress: (event) => void (event.kind === 'linear' && events.push(event)) },
    );
    expect(events.map(({ task: name, classes, rows: count }) => [name, classes, count])).toEqual([
      ['colour', 3, 5],
      ['temper', 2, 6],
    ]);
    const run = await loadRun(store);
    const leaves = sharedLeaves(run);
    expect([...leaves.keys()].sort()).toEqual([
      'shared/wide/embedding/words/table',
      'tasks/colour/linear/bias',
      'tasks/temper/linear/bias',
    ]);

    // Once more by hand: frequencies, lengths, the machine of each class.
    const words = rows.map(({ text }) => text!.split(' '));
    const all = [...new Set(words.flat())];
    const rarity = all.map((word) => 1 + Math.log(7 / (1 + words.filter((row) => row.includes(word)).length)));
    const occurrences = words.flatMap((row) => [...new Set(row)]);
    const square = occurrences.reduce((sum, word) => sum + rarity[all.indexOf(word)]!, 0) / occurrences.length;
    const scale = rarity.map((value) => weight * Math.sqrt(value / square));
    const starts = [0];
    const ids: number[] = [];
    const values: number[] = [];
    for (const row of words) {
      for (const word of new Set(row)) {
        ids.push(all.indexOf(word));
        values.push((scale[all.indexOf(word)]! * row.filter((own) => own === word).length) / Math.sqrt(row.length));
      }
      starts.push(ids.length);
    }
    const rootMeanSquare = (x: readonly number[], of: readonly string[]) =>
      Math.sqrt(of.reduce((sum, word) => sum + x[all.indexOf(word)]! ** 2, 0) / of.length);
    const factorsOf = (label: string, name: 'colour' | 'temper') => {
      const labelled = words.flatMap((row, i) =>
        rows[i]![name] === undefined ? [] : [{ row: [...new Set(row)], own: rows[i]![name] === label }],
      );
      const counts = (own: boolean) => all.map((word) => 1 + labelled.filter((each) => each.own === own && each.row.includes(word)).length);
      const share = (x: number[]) => x.map((value) => value / x.reduce((a, b) => a + b, 0));
      const [inside, outside] = [share(counts(true)), share(counts(false))];
      const seen = labelled.flatMap(({ row }) => row);
      const r = all.map((_, id) => Math.abs(Math.log(inside[id]! / outside[id]!)));
      const mixed = r.map((value) => 1 - ratios + (ratios * value) / rootMeanSquare(r, seen));
      return mixed.map((value) => value / rootMeanSquare(mixed, seen));
    };
    const scoreOf = (text: string, label: string, name: 'colour' | 'temper') => {
      const w = new Float64Array(all.length);
      const factors = factorsOf(label, name);
      const sparse = {
        starts: Int32Array.from(starts),
        ids: Int32Array.from(ids),
        values: Float32Array.from(values).map((value, at) => value * factors[ids[at]!]!),
      };
      const shares = Float32Array.from(rows, (row) => (row[name] === undefined ? 0 : row[name] === 'blue' ? 2 : 1));
      const bias = supportVectors(sparse, (row) => rows[row]![name] === label, w, { cost: 3, shares });
      const own = text.split(' ');
      return own.reduce(
        (sum, word) => sum + (w[all.indexOf(word)]! * factors[all.indexOf(word)]! * scale[all.indexOf(word)]!) / Math.sqrt(own.length),
        bias,
      );
    };
    const { features, model, params } = await loadParts(store);
    const bias = leaves.get('tasks/colour/linear/bias')!.dataSync();
    for (const text of ['red sea', 'blue sky sun']) {
      const ids = features.encode(documentOf(text)).ids.words!;
      const { pooled } = apply(model.trunk, params.shared, { words: tensor(ids, [1, ids.length], 'int32') }).output;
      expect(pooled.shape).toEqual([1, 4 + 5]);
      const scores = pooled.dataSync().slice(4, 7);
      for (const [k, label] of ['blue', 'green', 'red'].entries())
        expect(scores[k]! + bias[k]!).toBeCloseTo(scoreOf(text, label, 'colour'), 4);
    }
    run.dispose();
  });

  it('lets the scores of finer labels decide: the best within each label, by the rows', async () => {
    const [plain, refined] = [memoryStore(), memoryStore()];
    const [colour, temper] = [config.tasks[0]!, config.tasks[1]!];
    await train(config, { store: plain, data });
    await train({ ...config, tasks: [colour, { ...temper, finer: 'colour' }] }, { store: refined, data });
    const [before, after] = [sharedLeaves(await loadRun(plain)), sharedLeaves(await loadRun(refined))];
    // The machines are the same, and warm is red, cold is blue or green.
    for (const [path, leaf] of before) expect(after.get(path)!.dataSync()).toEqual(leaf.dataSync());
    const [blue, green, red] = before.get('tasks/colour/linear/bias')!.dataSync() as Float32Array;
    const finer = after.get('tasks/temper/linear/finer')!;
    expect(finer.shape).toEqual([2, 3]);
    expect([...finer.dataSync()]).toEqual([blue, green, notWithin, notWithin, notWithin, red]);
    // With members that have learned nothing, the answer is that of the scores.
    const store = memoryStore();
    const training = { ...config.training, steps: 1, learningRate: 1e-9 };
    await train({ ...config, training, tasks: [colour, { ...temper, finer: 'colour' }] }, { store, data });
    const run = await loadRun(store);
    const { features, model, params } = await loadParts(store);
    for (const text of ['red sea', 'blue sun', 'green rose']) {
      const ids = features.encode(documentOf(text)).ids.words!;
      const [b, g, r, cold, warm] = apply(model.trunk, params.shared, { words: tensor(ids, [1, ids.length], 'int32') })
        .output.pooled.dataSync()
        .slice(4);
      const own = flatten(params as unknown as Params)
        .get('tasks/temper/linear/bias')!
        .dataSync();
      const scores = [cold! + own[0]! + 2 * Math.max(b! + blue!, g! + green!), warm! + own[1]! + 2 * (r! + red!)];
      const [answer] = await run.predict([text], { tasks: ['temper'] });
      expect((answer!.temper as { label: string }).label).toBe(scores[0]! > scores[1]! ? 'cold' : 'warm');
    }
    run.dispose();
  });

  it('refuses labels that do not divide those of the task, before anything is fitted', async () => {
    const training = (more: readonly Row[], own: 'colour' | 'temper') =>
      train(
        {
          ...config,
          tasks: config.tasks.map((each) => (each.name === own ? { ...each, finer: own === 'temper' ? 'colour' : 'temper' } : each)),
        },
        { store: memoryStore(), data: memoryData({ rows: [...rows, ...more] }), onProgress: ({ kind }) => expect(kind).not.toBe('linear') },
      );
    await expect(training([{ text: 'red ice', colour: 'red', temper: 'cold' }], 'temper')).rejects.toThrowError(
      expect.objectContaining({
        code: 'bad_data',
        message: expect.stringContaining("'red' of task 'colour' lies within 'warm' and 'cold'"),
      }),
    );
    await expect(training([{ text: 'mud', temper: 'tepid' }], 'temper')).rejects.toThrowError(
      /No label of task 'colour' lies within 'tepid'/,
    );
    await expect(training([], 'colour')).rejects.toThrowError(/'cold' of task 'temper' lies within 'blue' and 'green'/);
  });

  it('decides with the other parts: after one step of nothing it is the linear model that answers', async () => {
    const store = memoryStore();
    await train({ ...config, training: { ...config.training, steps: 1, learningRate: 1e-9 } }, { store, data });
    const run = await loadRun(store);
    const answers = await run.predict(['red', 'blue', 'green'], { tasks: ['colour'] });
    expect(answers.map(({ colour }) => (colour as { label: string }).label)).toEqual(['red', 'blue', 'green']);
    run.dispose();
  });

  it('counts for each task as much as its scale says', async () => {
    const probabilities = async (scale: number | { readonly [task: string]: number }) => {
      const store = memoryStore();
      const parts = { ...config.trunk.parts, wide: { ...config.trunk.parts.wide, scale } };
      // Members that have learned nothing and are level say nothing.
      const training = { ...config.training, steps: 1, learningRate: 1e-9 };
      await train({ ...config, trunk: { ...config.trunk, parts }, training }, { store, data });
      const run = await loadRun(store);
      const [answer] = await run.predict(['red sea']);
      run.dispose();
      return Object.fromEntries(
        ['colour', 'temper'].map((name) => [
          name,
          Object.values((answer![name] as { probabilities: Record<string, number> }).probabilities),
        ]),
      );
    };
    const [one, two, none, apart] = [
      await probabilities(1),
      await probabilities(2),
      await probabilities(0),
      await probabilities({ colour: 0, temper: 1 }),
    ];
    // Nor is anything fitted that no head reads; finer labels are read by another.
    const fitted = async (scale: { readonly [task: string]: number }, finer?: 'colour') => {
      const seen: string[] = [];
      const wide = { ...config.trunk.parts.wide, scale };
      const tasks = [config.tasks[0]!, { ...config.tasks[1]!, ...(finer && { finer }) }];
      const onProgress = (event: { kind: string; task?: string }) => void (event.kind === 'linear' && seen.push(event.task!));
      const trunk = { ...config.trunk, parts: { ...config.trunk.parts, wide } };
      await train({ ...config, tasks, trunk }, { store: memoryStore(), data, onProgress });
      return seen;
    };
    expect(await fitted({ colour: 0 })).toEqual(['temper']);
    expect(await fitted({ colour: 0 }, 'colour')).toEqual(['colour', 'temper']);
    const gap = ([a, b]: number[]) => Math.log(a! / b!);
    for (const name of ['colour', 'temper']) {
      expect(Math.abs(gap(one[name]!))).toBeGreaterThan(0.1);
      expect(gap(two[name]!) - gap(none[name]!)).toBeCloseTo(2 * (gap(one[name]!) - gap(none[name]!)), 4);
    }
    expect(apart.colour).toEqual(none.colour);
    expect(apart.temper).toEqual(one.temper);
    expect(await probabilities({ colour: 1 })).toEqual({ colour: one.colour, temper: two.temper });
  });

  it('stays when a run is interrupted and resumed, and when it is tuned further', async () => {
    const tasks = [config.tasks[0]!, { ...config.tasks[1]!, finer: 'colour' }];
    const refined: Config = { ...config, tasks };
    const [whole, cut, tuned] = [memoryStore(), memoryStore(), memoryStore()];
    await train(refined, { store: whole, data });
    const controller = new AbortController();
    const stop = (event: { kind: string; step?: number }) => event.kind === 'step' && event.step === 2 && controller.abort();
    await train(refined, { store: cut, data, signal: controller.signal, onProgress: (event) => void stop(event) });
    const again: string[] = [];
    await resume({ store: cut, data, onProgress: ({ kind }) => void again.push(kind) });
    expect(again).not.toContain('linear');
    // One that was killed before its first checkpoint has no weights yet.
    for (const name of await cut.list()) if (name.startsWith('checkpoint-')) await cut.remove(name);
    await resume({ store: cut, data, onProgress: ({ kind }) => void again.push(kind) });
    expect(again).toContain('linear');
    await fineTune(whole, { into: tuned, rows: { temper: [{ text: 'green sun', temper: 'cold' }] }, steps: 3, learningRate: 0.5 });
    const [a, b, c] = [await loadRun(whole), await loadRun(cut), await loadRun(tuned)];
    expect(equals(a.params as unknown as Params, b.params as unknown as Params)).toBe(true);
    expect(equals(a.params as unknown as Params, c.params as unknown as Params)).toBe(false);
    for (const [path, leaf] of sharedLeaves(a)) expect(sharedLeaves(c).get(path)!.dataSync()).toEqual(leaf.dataSync());
    for (const run of [a, b, c]) disposeParams(run.params as unknown as Params);
  });
});
