import '@tensorflow/tfjs-backend-cpu';
import { disposeParams, equals, flatten, type Params, random, run as runModel } from '@taskloom/core';
import { enableProdMode, setBackend, type Tensor1D, tensor1d, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Config, resolveConfig } from '../src/index';
import { buildModel } from '../src/model';
import { exercise, tinyConfig, tinyTasks } from './tiny';

beforeAll(async () => {
  enableProdMode();
  await setBackend('cpu');
});

const transformer = { kind: 'transformer', width: 8, layers: 1, heads: 2 } as const;
const textCNN = { kind: 'textCNN', width: 8, widths: [1, 2] } as const;
const tagged = ['topic', 'products', 'same'] as const;

describe('taskEmbedding in a config', () => {
  it.each([
    ['learned, film, bag', { taskEmbedding: { kind: 'learned', dimension: 4, fusion: 'film' } }],
    [
      'learned, concatenate, tokens',
      { taskEmbedding: { kind: 'learned', dimension: 4, fusion: 'concatenate' }, trunk: textCNN, tasks: tagged },
    ],
    [
      'learned, add, gradient balancer',
      { taskEmbedding: { kind: 'learned', dimension: 4, fusion: 'add' }, training: { balancer: 'pcgrad' } },
    ],
    ['oneHot, weighted', { taskEmbedding: { kind: 'oneHot', fusion: 'weighted' } }],
    ['token', { taskEmbedding: { kind: 'token' }, trunk: { ...transformer, pooling: 'first' }, tasks: tagged }],
  ] as const)('trains, resumes to the bit, loads: %s', async (_, config) => {
    const { paths } = await exercise(tinyConfig(config as Parameters<typeof tinyConfig>[0]));
    const { kind } = config.taskEmbedding;
    const tasks = 'tasks' in config ? config.tasks : ['topic', 'mood', 'same'];
    const vectors = paths.filter((path) => path.startsWith(kind === 'token' ? 'shared/prefix/' : 'shared/embedding/'));
    expect(vectors.map((path) => path.split('/').at(-1)).sort()).toEqual(kind === 'oneHot' ? [] : [...tasks].sort());
  });

  it('adds one vector and one head for one more task, all else staying as it is', () => {
    const build = (tasks: readonly ('topic' | 'mood' | 'hurry')[]) => {
      const config = resolveConfig(tinyConfig({ tasks, taskEmbedding: { kind: 'learned', dimension: 3, fusion: 'film' } }));
      const labels = { topic: ['a', 'b'], mood: ['a', 'b'], hurry: [] };
      return buildModel(config, { bags: { words: 10 } }, labels).init(random(4)) as unknown as Params;
    };
    const [few, more] = [build(['topic', 'mood']), build(['topic', 'mood', 'hurry'])];
    const [old, grown] = [flatten(few), flatten(more)];
    const added = [...grown.keys()].filter((path) => !old.has(path));
    expect(added.filter((path) => !path.startsWith('tasks/hurry/'))).toEqual(['shared/embedding/hurry']);
    for (const [path, leaf] of old) expect(equals({ leaf }, { leaf: grown.get(path)! }), path).toBe(true);
    for (const tree of [few, more]) disposeParams(tree);
  });

  it('encodes a row for each of its tasks as if it were there for that task alone', () => {
    const again = { ...tinyTasks.topic, name: 'again' };
    const config = resolveConfig(
      tinyConfig({ tasks: ['topic', again], taskEmbedding: { kind: 'learned', dimension: 3, fusion: 'concatenate' } }),
    );
    const labels = { topic: ['a', 'b'], again: ['a', 'b'] };
    const model = buildModel(config, { bags: { words: 10 } }, labels);
    tidy(() => {
      const first = model.init(random(1));
      // One head for both tasks: only the embedding tells them apart.
      const params = { ...first, tasks: { topic: first.tasks.topic!, again: first.tasks.topic! } };
      const inputs = { words: tensor2d([1, 2, 3, 0, 4, 5], [3, 2], 'int32') };
      const rows = (...values: number[]) => ({ index: tensor1d(values, 'int32') });
      const outputs = (tasks: { readonly [task: string]: { readonly index: Tensor1D } }) =>
        Object.fromEntries(
          Object.entries(runModel(model, params, { inputs, tasks }).output).map(([task, x]) => [task, x.arraySync() as number[][]]),
        );
      const both = outputs({ topic: rows(0, 1, 2), again: rows(2, 1, 0) });
      expect(both.again).toEqual(outputs({ again: rows(2, 1, 0) }).again);
      expect(both.topic).toEqual(outputs({ topic: rows(0, 1, 2) }).topic);
      expect([...both.again!].reverse()).not.toEqual(both.topic);
    });
  });

  it.each([
    [
      { taskEmbedding: { kind: 'learned', fusion: 'flim' } },
      "taskEmbedding.fusion: 'flim' is none of 'concatenate', 'add', 'weighted', 'film'. Did you mean 'film'?",
    ],
    [{ taskEmbedding: { kind: 'learnt' } }, "Did you mean 'learned'?"],
    [{ taskEmbedding: { kind: 'token' } }, "taskEmbedding.kind: A task token is read by attention, and 'bagOfEmbeddings' has none."],
    [{ taskEmbedding: { kind: 'oneHot', dimension: 3 } }, "taskEmbedding.dimension: Unknown key 'dimension'."],
    [{ gating: { kind: 'moe' } }, "gating.kind: 'moe' is none of 'mmoe', 'softGate', 'sigmoidGate'. Did you mean 'mmoe'?"],
    [{ gating: { kind: 'mmoe', balance: 1 } }, "gating.balance: Unknown key 'balance'."],
    [{ gating: { kind: 'softGate', experts: 0 } }, 'gating.experts: '],
  ])('says what is wrong: %j', (part, message) => {
    expect(() => resolveConfig({ ...tinyConfig({}), ...part } as Config)).toThrow(message);
  });
});

describe('gating in a config', () => {
  it.each([
    ['mmoe, bag', { gating: { kind: 'mmoe', experts: 3, expertWidth: 6 } }],
    ['mmoe, tokens, upgrad', { gating: { kind: 'mmoe', experts: 2 }, trunk: textCNN, tasks: tagged, training: { balancer: 'upgrad' } }],
    ['softGate, balance', { gating: { kind: 'softGate', experts: 3, expertWidth: 6, balance: 0.01 } }],
    ['sigmoidGate, tokens', { gating: { kind: 'sigmoidGate', experts: 2, expertWidth: 6 }, trunk: transformer, tasks: tagged }],
    ['mmoe over film', { gating: { kind: 'mmoe', experts: 2 }, taskEmbedding: { kind: 'learned', dimension: 3 } }],
    ['softGate over a token', { gating: { kind: 'softGate', experts: 2 }, taskEmbedding: { kind: 'token' }, trunk: transformer }],
  ] as const)('trains, resumes to the bit, loads: %s', async (_, config) => {
    const { paths } = await exercise(tinyConfig(config as Parameters<typeof tinyConfig>[0]));
    const gates = paths.filter((path) => path.startsWith('shared/gate/'));
    expect(gates).toContain('shared/gate/experts/expert2/kernel');
    expect(
      gates.some((path) => path === (config.gating.kind === 'mmoe' ? 'shared/gate/gates/topic/kernel' : 'shared/gate/router/kernel')),
    ).toBe(true);
  });
});
