import '@tensorflow/tfjs-backend-cpu';
import { type Encoding, flatten, type Module, type Params, random, run, type Tree, valueAndGradients } from '@taskloom/core';
import { dense } from '@taskloom/core/modules';
import { expectAllClose, expectTensors, expectTraceable } from '@taskloom/testing';
import { add, mean, mul, type Scalar, setBackend, square, sum, type Tensor, tensor, tensor1d, tidy, unstack } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type GateableTrunk, type GatedTrunkOptions, gatedTrunk, mmoe } from '../src';

beforeAll(async () => void (await setBackend('cpu')));

const tasks = ['topic', 'urgency', 'duplicate'];
const ids = (...values: number[]) => ({ ids: tensor1d(values, 'int32') });
const normal = (shape: number[], seed = 0) => random('x').fold(seed).normal(shape);

/** tokens [N, T, 4] → dense → mean. */
function plainTrunk(): GateableTrunk {
  const layer = dense({ inputs: 4, units: 3 });
  return {
    width: 3,
    tokens: true,
    config: { kind: 'plain' },
    init: (stream) => layer.init(stream) as unknown as Params,
    apply(params, inputs, context) {
      const tokens = layer.apply(params as never, (inputs as { tokens: Tensor }).tokens, context);
      return { pooled: mean(tokens, 1), tokens };
    },
  };
}
const kinds: readonly GatedTrunkOptions[] = [
  { kind: 'softGate', experts: 2, expertWidth: 5 },
  { kind: 'sigmoidGate', experts: 3, expertWidth: 5 },
  { kind: 'mmoe', experts: 2, expertWidth: 5, tasks },
];

describe('mmoe by rows', () => {
  const experts = { a: dense({ inputs: 3, units: 2, activation: 'relu' }), b: dense({ inputs: 3, units: 2 }) };
  const module = mmoe({ inputs: 3, experts, tasks });
  const byRow: Module<Tensor, Tensor> = {
    config: null,
    init: (stream) => module.init(stream),
    apply: (params, input, context) => module.mix(params, input, module.compute(params, input, context), context),
  };

  it.each([[[4, 3]], [[4, 2, 3]]])('mix gives each row what apply gives its task: %j', (shape) => {
    tidy(() => {
      const params = module.init(random(1));
      const x = normal(shape);
      const all = run(module, params, x).output;
      const chosen = [2, 0, 1, 0];
      const { output, records } = run(byRow, params, x, { tasks: ids(...chosen) });
      unstack(output).forEach((row, r) => {
        expectAllClose(row, unstack(all[tasks[chosen[r]!]!]!)[r]!);
      });
      // Usage is that of the task's own rows.
      const own = run(module, params, tensor([unstack(x)[1]!, unstack(x)[3]!].map((row) => row.arraySync() as number[]) as never)).records;
      for (const name of ['load', 'importance', 'entropy'])
        expectAllClose(records[`gates/topic/${name}`]!, own[`gates/topic/${name}`]!, 1e-5);
    });
  });

  it('asks for the tasks of rows', () => {
    const x = normal([2, 3]);
    expect(() => run(byRow, module.init(random(1)), x)).toThrow(/does not say which tasks/);
  });
});

describe.each(kinds)('gatedTrunk $kind', (options) => {
  const inputs = (): Tree<Tensor> => ({ tokens: normal([2, 3, 4]) });
  const module = gatedTrunk(plainTrunk(), options);

  it('is a trunk as wide as its experts, with a branch an expert', () => {
    tidy(() => {
      const params = module.init(random(1));
      const { output, records } = run(module, params, inputs(), { tasks: ids(0, 2) });
      expect([output.pooled.shape, output.tokens!.shape, module.width]).toEqual([[2, 5], [2, 3, 5], 5]);
      const paths = [...flatten(params).keys()];
      expect(paths.filter((path) => path.startsWith('gate/experts/') && path.endsWith('kernel'))).toHaveLength(options.experts);
      const gates = options.kind === 'mmoe' ? tasks.map((task) => `gates/${task}/`) : [''];
      for (const gate of gates)
        for (const at of ['gate/', 'gate/tokens/']) expect(records[`${at}${gate}importance`]!.shape).toEqual([options.experts]);
    });
  });

  it('is the same in stages', () => {
    expect(module.stages === undefined).toBe(options.kind !== 'mmoe');
    // Over a trunk that knows tasks every gate comes after it.
    const late = gatedTrunk({ ...plainTrunk(), stages: { tasks, once: (_, x) => x, perTask: plainTrunk().apply } }, options);
    for (const trunk of [module, late]) {
      if (!trunk.stages) continue;
      const { once, perTask } = trunk.stages;
      const staged: Module<Tree<Tensor>, Encoding> = {
        ...trunk,
        apply: (params, x, context) => perTask(params, once(params, x, context), context),
      };
      tidy(() => {
        const params = trunk.init(random(2));
        const given = { tasks: ids(1, 0) };
        const [a, b] = [run(trunk, params, inputs(), given).output, run(staged, params, inputs(), given).output];
        expectAllClose(a.pooled, b.pooled);
        expectAllClose(a.tokens!, b.tokens!);
      });
    }
  });

  it('is traceable, its gradients too, and frees what it allocates', async () => {
    const gradients = () =>
      valueAndGradients(
        (params: Params) => {
          const { pooled, tokens } = run(module, params, inputs(), { tasks: ids(0, 2) }).output;
          return add(sum(square(pooled)), sum(mul(tokens!, 2))) as Scalar;
        },
        module.init(random(1)),
      ).gradients;
    await expectTraceable(gradients);
    expectTensors(() => tidy(() => run(module, module.init(random(1)), inputs(), { tasks: ids(0, 2) }).output.pooled), 1);
  });
});

it('says what is wrong', () => {
  expect(() => gatedTrunk(plainTrunk(), { kind: 'mmoe', experts: 2, expertWidth: 3 })).toThrow(/a gate for each task/);
  expect(() => gatedTrunk(plainTrunk(), { kind: 'moe' as 'mmoe', experts: 2, expertWidth: 3 })).toThrow(/no gate 'moe'/);
});
