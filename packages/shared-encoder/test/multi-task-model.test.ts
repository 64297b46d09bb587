import '@tensorflow/tfjs-backend-cpu';
import {
  type Context,
  disposeParams,
  type Encoding,
  equals,
  flatten,
  type MultiTaskParams,
  type Params,
  random,
  repairGradients,
  run,
  select,
  type TaskHead,
  valueAndGradients,
} from '@taskloom/core';
import { expectAllClose, expectGradients, expectTensors, expectTraceable, onBackends } from '@taskloom/testing';
import {
  add,
  cast,
  expandDims,
  memory,
  mul,
  reshape,
  type Scalar,
  setBackend,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  tensor,
  tensor1d,
  tidy,
} from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  addTask,
  classification,
  freeze,
  multiTaskModel,
  pairSimilarity,
  regression,
  removeTask,
  type Trunk,
  tagging,
  takeRows,
  textCNN,
} from '../src';

beforeAll(async () => void (await setBackend('cpu')));

const trunk = textCNN({ size: 12, width: 6, widths: [2, 3], filters: 4 });
const heads = {
  topic: classification({ inputs: trunk.width, labels: ['billing', 'delivery', 'returns'] }),
  urgency: regression({ inputs: trunk.width }),
  entities: tagging({ inputs: trunk.width, labels: ['O', 'B-date', 'I-date'] }),
  duplicate: pairSimilarity({ inputs: trunk.width }),
};
const model = multiTaskModel({ trunk, heads });
const int = (...values: number[]) => tensor1d(values, 'int32');
const inputs = () => ({ ids: tensor([1, 2, 3, 0, 4, 5, 0, 0, 6, 7, 8, 9, 10, 11, 1, 0], [4, 4], 'int32') });
const everything = () => ({
  topic: { index: int(0, 1, 3) },
  urgency: { index: int(2) },
  entities: { index: int(3, 0) },
  duplicate: { index: int(0, 2, 1), pair: int(1, 3, 2) },
});
const targets = (): { readonly [task: string]: [Tensor, Tensor1D] } => ({
  topic: [int(0, 2, 1), tensor1d([1, 1, 0])],
  urgency: [tensor1d([0.5]), tensor1d([1])],
  entities: [tensor([0, 1, 2, -1, 0, 0, 1, -1], [2, 4], 'int32'), tensor1d([1, 1])],
  duplicate: [tensor1d([1, 0, 1]), tensor1d([1, 1, 1])],
});
const total = (params: MultiTaskParams): Scalar => {
  const outputs = run(model, params, { inputs: inputs(), tasks: everything() }).output;
  return Object.entries(targets())
    .map(([task, [target, weight]]) => model.heads[task]!.loss(outputs[task]!, target, weight))
    .reduce((a, b) => add(a, b)) as Scalar;
};
/** A trunk or head that counts how often it is applied. */
function counting<M extends Trunk | TaskHead>(module: M): M & { readonly calls: () => number } {
  let calls = 0;
  const apply = (...given: Parameters<M['apply']>) => {
    calls++;
    return (module.apply as (...args: Parameters<M['apply']>) => ReturnType<M['apply']>)(...given);
  };
  return { ...module, apply, calls: () => calls } as unknown as M & { readonly calls: () => number };
}

onBackends(['cpu', 'wasm'], () => {
  it('gives each task its rows, as one at a time would', () => {
    const params = model.init(random(1));
    const { output } = run(model, params, { inputs: inputs(), tasks: everything() });
    expect(Object.keys(output)).toEqual(Object.keys(heads));
    const encoding = run(trunk, params.shared, inputs()).output;
    const rows = everything();
    for (const [task, head] of Object.entries(heads)) {
      const given = rows[task as keyof typeof rows] as { index: Tensor1D; pair?: Tensor1D };
      const pooled = encoding.pooled.arraySync() as number[][];
      const tokens = encoding.tokens!.arraySync() as number[][][];
      const pick = (index: Tensor1D) => {
        const at = [...index.dataSync()];
        return { pooled: tensor(at.map((i) => pooled[i]!)), tokens: tensor(at.map((i) => tokens[i]!)) };
      };
      const alone = run(head, params.tasks[task]!, { ...pick(given.index), ...(given.pair && { pair: pick(given.pair) }) }).output;
      expectAllClose(output[task]!, alone);
    }
  });

  it('a row that many tasks take gets the sum of their gradients', () => {
    repairGradients();
    const x = random('x').normal([3, 4]);
    expectGradients(
      (pooled) => sub(takeRows({ pooled }, int(2, 0, 2, 2)).pooled, square(takeRows({ pooled }, int(0, 0, 1, 2)).pooled)),
      [x],
    );
  });

  it('the gradient of the sum of losses is right, shared parameters and all', () => {
    const params = model.init(random(2));
    const { gradients } = valueAndGradients(total, params);
    const along = (epsilon: number) => tidy(() => total(mapBoth(params, gradients, (p, g) => add(p, mul(g, epsilon)))).dataSync()[0]!);
    const slope = [...flatten(gradients).values()].reduce((s, g) => s + sum(square(g)).dataSync()[0]!, 0);
    const step = 1e-3;
    expect((along(step) - along(-step)) / (2 * step)).toBeCloseTo(slope, 1);
    expect(Math.abs((along(step) - along(-step)) / (2 * step) / slope - 1)).toBeLessThan(5e-3);
  });
});

function mapBoth(a: MultiTaskParams, b: Params, fn: (x: Tensor, y: Tensor) => Tensor): MultiTaskParams {
  const other = flatten(b);
  const walk = (node: Params, prefix: string): Params =>
    Object.fromEntries(
      Object.entries(node).map(([name, value]) => [
        name,
        'dataId' in value ? fn(value as Tensor, other.get(`${prefix}${name}`)!) : walk(value as Params, `${prefix}${name}/`),
      ]),
    );
  return walk(a, '') as unknown as MultiTaskParams;
}

describe('work', () => {
  it('rows are encoded once, whatever the number of tasks, and only the named tasks are computed', () => {
    const counted = {
      trunk: counting(trunk),
      topic: counting(heads.topic),
      urgency: counting(heads.urgency),
      duplicate: counting(heads.duplicate),
    };
    const { trunk: shared, ...rest } = counted;
    const counter = multiTaskModel({ trunk: shared, heads: rest });
    const params = counter.init(random(1));
    const { topic, urgency, duplicate } = everything();
    run(counter, params, { inputs: inputs(), tasks: { topic, urgency, duplicate } });
    expect(Object.values(counted).map((part) => part.calls())).toEqual([1, 1, 1, 1]);
    run(counter, params, { inputs: inputs(), tasks: { urgency } });
    expect(Object.values(counted).map((part) => part.calls())).toEqual([2, 1, 2, 1]);
  });

  it('is traceable: losses and gradients of all tasks', async () => {
    await expectTraceable(() => valueAndGradients(total, model.init(random(1))));
  });

  it('leaves nothing behind', () => {
    const params = model.init(random(1));
    const leaves = flatten(params).size;
    expectTensors(() => {
      const { value, gradients } = tidy(() => {
        const result = valueAndGradients(total, params);
        return { value: result.value, gradients: result.gradients as unknown as Record<string, never> };
      });
      value.dispose();
      disposeParams(gradients);
    }, 0);
    const before = memory().numTensors;
    disposeParams(params);
    expect(before - memory().numTensors).toBe(leaves);
  });

  it('learns all tasks at once', () => {
    let params = model.init(random(3));
    const losses: number[] = [];
    for (let step = 0; step < 40; step++) {
      params = tidy(() => {
        const { value, gradients } = valueAndGradients(total, params);
        losses.push(value.dataSync()[0]!);
        return mapBoth(params, gradients, (p, g) => sub(p, mul(g, 0.05))) as unknown as Record<string, never>;
      }) as unknown as MultiTaskParams;
    }
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 4);
  });
});

describe('editing tasks', () => {
  let params: MultiTaskParams;
  beforeAll(() => {
    params = model.init(random(4));
  });
  const language = classification({ inputs: trunk.width, labels: ['de', 'en'] });

  it('a new task changes no other, bit for bit, and starts as it would have from the first', () => {
    const grown = expectTensors(() => addTask(model, params, 'language', language, random(4)), 2);
    expect(Object.keys(params.tasks)).toEqual(Object.keys(heads));
    for (const [path, leaf] of flatten(params)) expect(flatten(grown.params).get(path)).toBe(leaf);
    const before = run(model, params, { inputs: inputs(), tasks: everything() }).output;
    const after = run(grown.model, grown.params, { inputs: inputs(), tasks: { ...everything(), language: { index: int(0) } } }).output;
    for (const task of Object.keys(heads)) expect(after[task]!.dataSync()).toEqual(before[task]!.dataSync());
    expect(after.language!.shape).toEqual([1, 2]);
    expect(equals(grown.params, multiTaskModel({ trunk, heads: { language, ...heads } }).init(random(4)))).toBe(true);

    const back = removeTask(grown.model, grown.params, 'language');
    expect(equals(back.params, params)).toBe(true);
    expect(back.model.config).toEqual(model.config);
    expect(Object.keys(grown.params.tasks)).toContain('language');
  });

  it('the order of tasks changes nothing', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(Object.keys(heads) as (keyof typeof heads)[], { minLength: 1 }), (order) => {
        tidy(() => {
          const other = multiTaskModel({ trunk, heads: Object.fromEntries(order.map((task) => [task, heads[task]])) });
          const own = other.init(random(4));
          const rows = everything();
          const output = run(other, own, { inputs: inputs(), tasks: Object.fromEntries(order.map((task) => [task, rows[task]])) }).output;
          const all = run(model, params, { inputs: inputs(), tasks: rows }).output;
          for (const task of order) expect(output[task]!.dataSync()).toEqual(all[task]!.dataSync());
        });
      }),
      { numRuns: 12 },
    );
  });

  it('freeze names what stays trainable', () => {
    const paths = (...patterns: string[]) => [...flatten(select(params, freeze(...patterns))).keys()];
    expect(paths('shared/**').every((path) => path.startsWith('tasks/'))).toBe(true);
    expect(paths('shared/**', 'tasks/topic/**').some((path) => path.startsWith('tasks/topic'))).toBe(false);
    expect(paths('shared/embedding/**').length).toBe(flatten(params).size - 1);
    const { gradients } = valueAndGradients(total, params, { wrt: freeze('shared/**') });
    expect(Object.keys(gradients)).toEqual(['tasks']);
  });

  it('names mistakes, and the nearest task', () => {
    const tasks = { topics: { index: int(0) } };
    expect(() => run(model, params, { inputs: inputs(), tasks })).toThrow(/no task 'topics'.*Did you mean 'topic'\?/);
    expect(() => removeTask(model, params, 'urgent')).toThrow(/Did you mean 'urgency'\?/);
    expect(() => removeTask(model, params, 'weather')).toThrow(/one of topic, urgency, entities, duplicate\.$/);
    expect(() => addTask(model, params, 'topic', language, random(1))).toThrow(/task 'topic' already/);
    expect(() => addTask(model, params, 'a/b', language, random(1))).toThrow(/cannot name a task/);
    const { topic: _, ...rest } = params.tasks;
    expect(() => run(model, { ...params, tasks: rest }, { inputs: inputs(), tasks: { topic: { index: int(0) } } })).toThrow(
      /nothing for task 'topic'/,
    );
    expect(() => run(model, params, { inputs: inputs(), tasks: { duplicate: { index: int(0) } } })).toThrow(/single rows/);
  });
});

describe('a trunk in stages', () => {
  /** Encodes as `trunk`, then multiplies by 1 + the row's task. */
  const staged = (): Trunk & { readonly calls: () => number } => {
    const inner = counting(trunk);
    const perTask = ({ pooled, tokens, mask }: Encoding, { tasks }: Context): Encoding => {
      const factor = reshape(add(cast((tasks as { ids: Tensor1D }).ids, 'float32'), 1), [-1, 1]);
      return { pooled: mul(pooled, factor), tokens: mul(tokens!, expandDims(factor, -1)), mask: mask! };
    };
    return {
      ...inner,
      stages: {
        tasks: ['spare', ...Object.keys(heads)],
        once: (params, rows, context) => inner.apply(params, rows, context) as never,
        perTask: (_, rows, context) => perTask(rows as unknown as Encoding, context),
      },
    };
  };

  it('gives each task its rows by its own id, the first stage running once', () => {
    const own = staged();
    const conditioned = multiTaskModel({ trunk: own, heads });
    tidy(() => {
      const params = conditioned.init(random(1));
      const { output } = run(conditioned, params, { inputs: inputs(), tasks: everything() });
      expect(own.calls()).toBe(1);
      const encoding = run(trunk, params.shared, inputs()).output;
      Object.entries(everything()).forEach(([task, rows], i) => {
        const scaled = { ...encoding, pooled: mul(encoding.pooled, i + 2), tokens: mul(encoding.tokens!, i + 2) };
        const { index, pair } = rows as { index: Tensor1D; pair?: Tensor1D };
        const input = { ...takeRows(scaled, index), ...(pair ? { pair: takeRows(scaled, pair) } : {}) };
        const head = heads[task as keyof typeof heads] as TaskHead;
        expectAllClose(output[task]!, run(head, params.tasks[task]!, input).output);
      });
      expect(run(conditioned, params, { inputs: inputs(), tasks: {} }).output).toEqual({});
    });
  });

  it('is traceable, its gradients too, and leaves nothing behind', async () => {
    const conditioned = multiTaskModel({ trunk: staged(), heads });
    await expectTraceable(() => {
      valueAndGradients(
        (params: MultiTaskParams) =>
          Object.values(run(conditioned, params, { inputs: inputs(), tasks: everything() }).output)
            .map((x) => sum(square(x)))
            .reduce((a, b) => add(a, b)) as Scalar,
        conditioned.init(random(1)),
      );
    });
  });

  it('knows the tasks of its trunk', () => {
    const other = { ...heads, topics: heads.topic };
    expect(() => multiTaskModel({ trunk: staged(), heads: other })).toThrow(/no task 'topics'.*topic/s);
    const conditioned = multiTaskModel({ trunk: staged(), heads });
    const params = conditioned.init(random(1));
    expect(() => addTask(conditioned, params, 'mood', heads.topic, random(1))).toThrow(/does not know 'mood'/);
    expect(Object.keys(addTask(conditioned, params, 'spare', heads.topic, random(1)).params.tasks)).toContain('spare');
  });
});
