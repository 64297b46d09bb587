import '@tensorflow/tfjs-backend-cpu';
import {
  type Encoding,
  equals,
  flatten,
  type Module,
  type Params,
  random,
  run,
  type TaskInput,
  type Tree,
  valueAndGradients,
} from '@taskloom/core';
import { type DenseParams, dense } from '@taskloom/core/modules';
import { expectAllClose, expectTensors, expectTraceable, onBackends } from '@taskloom/testing';
import {
  memory,
  mul,
  ones,
  type Scalar,
  setBackend,
  square,
  sum,
  type Tensor,
  tensor1d,
  tensor2d,
  tensor3d,
  tidy,
} from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { addTask, type ConditionableTrunk, condition, oneHot, removeTask, taskEmbedding, taskIds, taskToken } from '../src';

beforeAll(async () => void (await setBackend('cpu')));

const tasks = ['topic', 'urgency', 'duplicate'];
const ids = (...values: number[]): TaskInput => ({ ids: tensor1d(values, 'int32') });
const normal = (shape: number[], seed = 0) => random('x').fold(seed).normal(shape);

/** A trunk that knows nothing of task embeddings: one dense layer over tokens [N, T, 4], pooled by their sum. */
const plainTrunk = (): ConditionableTrunk => {
  const inner = dense({ inputs: 4, units: 3, activation: 'tanh' });
  return {
    width: 3,
    tokens: true,
    config: { kind: 'plain' },
    init: (r): Params => inner.init(r),
    apply(params, inputs, context): Encoding {
      const x = (inputs as { tokens: Tensor }).tokens;
      const tokens = inner.apply(params as DenseParams, x, context);
      return { pooled: sum(tokens, 1), tokens, mask: ones(x.shape.slice(0, 2)) };
    },
  };
};

onBackends(['cpu', 'wasm'], () => {
  it('gives each row the vector of its task, stored by name', () => {
    const embedding = taskEmbedding({ tasks, width: 4 });
    const params = embedding.init(random(1));
    expect([...flatten(params).keys()]).toEqual([...tasks].sort());
    const rows = run(embedding, params, undefined, { tasks: ids(...taskIds(embedding, ['duplicate', 'topic', 'duplicate'])) }).output;
    expectAllClose(rows, tensor2d([params.duplicate!, params.topic!, params.duplicate!].map((vector) => [...vector.dataSync()])), 0);
  });

  it('one-hot rows', () => {
    expectAllClose(
      run(oneHot(tasks), {}, undefined, { tasks: ids(2, 0) }).output,
      tensor2d([
        [0, 0, 1],
        [1, 0, 0],
      ]),
      0,
    );
  });

  it.each(['concatenate', 'add', 'weighted', 'film'] as const)('%s: the formula, on pooled vectors and tokens', (fusion) => {
    const trunk = plainTrunk();
    const module = condition(trunk, { embedding: taskEmbedding({ tasks, width: 2 }), fusion });
    const params = module.init(random(2));
    // Away from the start, where film is the identity.
    const moved = tidy(() => ({ ...params, fusion: mapLeaves(params.fusion as Params, (leaf, path) => normal(leaf.shape, path.length)) }));
    const inputs = { tokens: normal([3, 5, 4]) };
    const chosen = [2, 0, 1];
    const { output } = run(module, moved, inputs, { tasks: ids(...chosen) });
    const bare = run(trunk, params.trunk as Params, inputs).output;
    const vectors = chosen.map((id) => [...(params.embedding as { [task: string]: Tensor })[tasks[id]!]!.dataSync()]);
    const leaves = Object.fromEntries([...flatten(moved.fusion)].map(([path, leaf]) => [path, leaf]));
    const expected = (h: number[], e: number[]): number[] => {
      const product = (x: number[], kernel: string, bias?: string) => {
        const k = leaves[kernel]!.arraySync() as number[][];
        const b = bias ? (leaves[bias]!.arraySync() as number[]) : [];
        return k[0]!.map((_, j) => x.reduce((total, value, i) => total + value * k[i]![j]!, b[j] ?? 0));
      };
      if (fusion === 'concatenate') return product([...h, ...e], 'kernel', 'bias');
      if (fusion === 'add') return product(e, 'kernel').map((v, j) => h[j]! + v);
      if (fusion === 'weighted') {
        const alpha = [...leaves.weight!.dataSync()].map((a) => 1 / (1 + Math.exp(-a)));
        return product(e, 'project/kernel').map((v, j) => alpha[j]! * h[j]! + (1 - alpha[j]!) * v);
      }
      const scale = product(e, 'scale/kernel', 'scale/bias');
      return product(e, 'shift/kernel', 'shift/bias').map((shift, j) => (1 + scale[j]!) * h[j]! + shift);
    };
    const pooled = (bare.pooled.arraySync() as number[][]).map((h, n) => expected(h, vectors[n]!));
    expectAllClose(output.pooled, tensor2d(pooled));
    const tokens = (bare.tokens!.arraySync() as number[][][]).flatMap((row, n) => row.flatMap((h) => expected(h, vectors[n]!)));
    expectAllClose(output.tokens!, tokens);
  });
});

function mapLeaves(params: Params, fn: (leaf: Tensor, path: string) => Tensor, prefix = ''): Params {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) =>
      'dataId' in value ? [name, fn(value as Tensor, `${prefix}/${name}`)] : [name, mapLeaves(value as Params, fn, `${prefix}/${name}`)],
    ),
  );
}

describe('adding and removing tasks', () => {
  it('adds a key, and leaves other tasks as they are, bit for bit', () => {
    const embedding = taskEmbedding({ tasks, width: 4 });
    const params = embedding.init(random(1));
    const grown = expectTensors(() => addTask(embedding, params, 'language', random(1)), 1);
    expect(grown.embedding.tasks).toEqual([...tasks, 'language']);
    for (const task of tasks) expect(grown.params[task]).toBe(params[task]);
    expect(Object.keys(params)).toEqual(tasks);
    expect(equals(grown.params, taskEmbedding({ tasks: [...tasks, 'language'], width: 4 }).init(random(1)))).toBe(true);
    const before = run(embedding, params, undefined, { tasks: ids(0, 1, 2) }).output;
    expect(run(grown.embedding, grown.params, undefined, { tasks: ids(0, 1, 2) }).output.dataSync()).toEqual(before.dataSync());
    const back = removeTask(grown.embedding, grown.params, 'language');
    expect(back.embedding.tasks).toEqual(tasks);
    expect(equals(back.params, params)).toBe(true);
  });

  it('names depend on the stream and the name only, not on the order of tasks', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(tasks, { minLength: 3 }), fc.nat(), (order, seed) => {
        const [a, b] = [order, tasks].map((names) => taskEmbedding({ tasks: names!, width: 3 }).init(random(seed)));
        expect(equals(a!, b!)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('a task that no row is for gets a zero gradient', () => {
    const embedding = taskEmbedding({ tasks, width: 4 });
    const { gradients } = valueAndGradients(
      (p) => sum(square(run(embedding, p, undefined, { tasks: ids(0, 0, 2) }).output)) as Scalar,
      embedding.init(random(1)),
    );
    const squares = Object.fromEntries(tasks.map((task) => [task, sum(square(gradients[task]!)).dataSync()[0]!]));
    expect(squares.urgency).toBe(0);
    expect(squares.topic).toBeGreaterThan(0);
    expect(squares.duplicate).toBeGreaterThan(0);
  });
});

describe('condition', () => {
  const embedding = taskEmbedding({ tasks, width: 2 });

  it('film starts as the identity, and then tells tasks apart', () => {
    const trunk = plainTrunk();
    const module = condition(trunk, { embedding, fusion: 'film' });
    const params = module.init(random(1));
    const inputs = { tokens: normal([2, 3, 4]) };
    const bare = run(trunk, params.trunk as Params, inputs).output;
    expect(run(module, params, inputs, { tasks: ids(0, 1) }).output.pooled.dataSync()).toEqual(bare.pooled.dataSync());
    const fusion = params.fusion as { scale: Params; shift: Params };
    const moved = { ...params, fusion: { ...fusion, scale: { ...fusion.scale, kernel: normal([2, 3]) } } };
    const [a, b] = [0, 1].map((task) => run(module, moved, inputs, { tasks: ids(task, task) }).output.pooled.dataSync());
    expect(a).not.toEqual(b);
  });

  it('ids and the vectors they stand for give the same', () => {
    for (const fusion of ['concatenate', 'add', 'weighted'] as const) {
      const module = condition(plainTrunk(), { embedding, fusion });
      const params = module.init(random(3));
      const inputs = { tokens: normal([2, 3, 4]) };
      const vectors = run(embedding, params.embedding as Params, ids(1, 2)).output;
      const byId = run(module, params, inputs, { tasks: ids(1, 2) }).output.pooled;
      expect(run(module, params, inputs, { tasks: { vectors: vectors as never } }).output.pooled.dataSync()).toEqual(byId.dataSync());
    }
  });

  it('is the same in stages, the trunk not asked twice', () => {
    let calls = 0;
    const trunk = plainTrunk();
    const counted: ConditionableTrunk = {
      ...trunk,
      apply(...given) {
        calls++;
        return trunk.apply(...given);
      },
    };
    const module = condition(counted, { embedding, fusion: 'concatenate' });
    expect(module.stages.tasks).toEqual(tasks);
    tidy(() => {
      const params = module.init(random(3));
      const inputs = { tokens: normal([2, 3, 4]) };
      const whole = run(module, params, inputs, { tasks: ids(1, 2) }).output;
      const { once, perTask } = module.stages;
      const common = run({ ...module, apply: once } as Module<Tree<Tensor>, Tree<Tensor>>, params, inputs).output;
      calls = 0;
      const rest = run({ ...module, apply: perTask } as Module<Tree<Tensor>, Encoding>, params, common, { tasks: ids(1, 2) }).output;
      expect(calls).toBe(0);
      expect(rest.pooled.dataSync()).toEqual(whole.pooled.dataSync());
      expect(rest.tokens!.dataSync()).toEqual(whole.tokens!.dataSync());
      // A conditioned trunk can be conditioned once more.
      const twice = condition(module, { embedding, fusion: 'add' });
      expect(run(twice, twice.init(random(1)), inputs, { tasks: ids(1, 2) }).output.pooled.shape).toEqual([2, 3]);
    });
  });

  it('exchanging the tasks of two rows with the rows exchanges their encodings', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2), { minLength: 2, maxLength: 5 }), (chosen) => {
        tidy(() => {
          const module = condition(plainTrunk(), { embedding, fusion: 'add' });
          const params = module.init(random(4));
          const x = normal([chosen.length, 2, 4]).arraySync() as number[][][];
          const encode = (rows: number[][][], of: number[]) =>
            run(module, params, { tokens: tensor3d(rows) }, { tasks: ids(...of) }).output.pooled;
          const forward = encode(x, chosen).arraySync() as number[][];
          const backward = encode([...x].reverse(), [...chosen].reverse()).arraySync() as number[][];
          expect(backward.reverse()).toEqual(forward);
        });
      }),
      { numRuns: 15 },
    );
  });

  it('is traceable, its gradients too: tasks are data', async () => {
    for (const fusion of ['concatenate', 'add', 'weighted', 'film'] as const) {
      await expectTraceable(() => {
        const module = condition(plainTrunk(), { embedding, fusion });
        const inputs = { tokens: normal([2, 3, 4]) };
        valueAndGradients(
          (p) => {
            const { pooled, tokens } = run(module, p, inputs, { tasks: ids(0, 2) }).output;
            return sum(mul(sum(square(pooled)), sum(square(tokens!)))) as Scalar;
          },
          module.init(random(1)),
        );
      });
    }
  });

  it('says what is missing', () => {
    const module = condition(plainTrunk(), { embedding, fusion: 'add' });
    const params = module.init(random(1));
    const inputs: Tree<Tensor> = { tokens: normal([2, 3, 4]) };
    expect(() => run(module, params, inputs)).toThrow(/does not say which tasks/);
    expect(() => run(module, params, inputs, { tasks: ids(1) })).toThrow(/Every row needs one task/);
    expect(() => run(module, params, inputs, { tasks: { vectors: tensor2d([[1], [2]]) } })).toThrow(/another width/);
    expect(() => condition(plainTrunk(), { embedding, fusion: 'flim' as 'film' })).toThrow(/no fusion 'flim'/);
    expect(() => taskIds(embedding, ['topics'])).toThrow(/no task 'topics'/);
    expect(() => addTask(embedding, embedding.init(random(1)), 'topic', random(1))).toThrow(/given twice/);
    expect(() => removeTask(embedding, {}, 'topics')).toThrow(/no task 'topics'/);
    expect(() => taskEmbedding({ tasks: ['a/b'], width: 2 })).toThrow(/cannot name/);
  });

  it('leaves nothing behind', () => {
    const module = condition(plainTrunk(), { embedding, fusion: 'weighted' });
    const params = module.init(random(1));
    const [inputs, given] = [{ tokens: normal([2, 3, 4]) }, ids(0, 1)];
    const before = memory().numTensors;
    const pooled = tidy(() => run(module, params, inputs, { tasks: given }).output.pooled);
    expect(memory().numTensors).toBe(before + 1);
    pooled.dispose();
  });
});

describe('taskToken', () => {
  it("puts the row's vector first, the mask extended by a 1", () => {
    const embedding = taskEmbedding({ tasks, width: 4 });
    const module: Module<{ tokens: Tensor; mask: Tensor }, { tokens: Tensor; mask: Tensor }> = taskToken(embedding);
    const params = module.init(random(1));
    const tokens = normal([2, 3, 4]);
    const mask = tensor2d([
      [1, 1, 0],
      [0, 0, 0],
    ]);
    const { output } = run(module, params, { tokens, mask }, { tasks: ids(2, 1) });
    const expected = [0, 1].flatMap((n) => [
      ...(params as { [task: string]: Tensor })[tasks[n === 0 ? 2 : 1]!]!.dataSync(),
      ...tokens.dataSync().slice(n * 12, n * 12 + 12),
    ]);
    expect([...output.tokens.dataSync()]).toEqual(expected);
    expectAllClose(
      output.mask,
      tensor2d([
        [1, 1, 1, 0],
        [1, 0, 0, 0],
      ]),
      0,
    );
  });
});
