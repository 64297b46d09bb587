import '@tensorflow/tfjs-backend-cpu';
import { add, gather, mul, type Scalar, scalar, setBackend, sum, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { toTensor } from '../../src/executor';
import { valueAndGradients } from '../../src/gradients';
import { type HostArray, hostArray } from '../../src/host-array';
import { hostRandom } from '../../src/host-random';
import { adagrad, applyUpdates, type Optimizer, sgd } from '../../src/optimizers';
import type { Params } from '../../src/params';
import { rowView } from '../../src/row-view';

beforeAll(async () => void (await setBackend('cpu')));

const [height, width] = [40, 3];
const table = () => hostArray(hostRandom('table').normal(height * width), [height, width]);
const host = (x: Tensor): HostArray => hostArray(x.dataSync().slice() as Float32Array, x.shape);

/** One step on a loss of the looked-up rows, signs and all; state as a host array where the optimiser keeps one. */
function step(
  rows: HostArray,
  state: HostArray | undefined,
  ids: HostArray,
  optimizer: Optimizer,
  at: number,
): { rows: HostArray; state?: HostArray } {
  return tidy(() => {
    const params = { table: toTensor(rows) };
    const signs = tensor(Float32Array.from(ids.data, Math.sign), [ids.data.length, 1]);
    const index = tensor(Int32Array.from(ids.data, Math.abs), [ids.data.length], 'int32');
    const weights = tensor(hostRandom(at).normal(ids.data.length * width), [ids.data.length, width]);
    const { gradients } = valueAndGradients(({ table: t }) => {
      const looked = mul(gather(t, index), signs);
      return add(sum(mul(mul(looked, looked), weights)), sum(mul(looked, weights))) as Scalar;
    }, params);
    const before: Params = state ? { sumOfSquares: { table: toTensor(state) } } : {};
    const result = optimizer.update(gradients, before, params, { step: scalar(at), learningRate: scalar(0.1) });
    const after = (result.state.sumOfSquares as { table: Tensor } | undefined)?.table;
    return { rows: host(applyUpdates(params, result.updates).table), state: after && host(after) } as never;
  }) as { rows: HostArray; state?: HostArray };
}

describe('rowView', () => {
  it.each([
    ['sgd', sgd(), false],
    ['adagrad', adagrad(), true],
  ])('five steps of %s through it equal dense ones', (_, optimizer, stateful) => {
    let [dense, denseState] = [table(), stateful ? hostArray(new Float32Array(height * width), [height, width]) : undefined];
    const large: Record<string, HostArray> = {
      rows: table(),
      ...(stateful ? { state: hostArray(new Float32Array(height * width), [height, width]) } : {}),
    };
    for (let at = 0; at < 5; at++) {
      // Padding has sign 0, hence no gradient, as everywhere in the library.
      const ids = hostArray(
        Int32Array.from(hostRandom(at).fold('ids').uniform(12), (u) => Math.floor(u * 2 * height) - height + (u === 0 ? 1 : 0)).map((id) =>
          Math.abs(id) >= height ? 0 : id,
        ),
      );
      const next = step(dense, denseState, ids, optimizer, at);
      [dense, denseState] = [next.rows, next.state];
      const view = rowView(large, [ids]);
      expect(view.size).toBe(16);
      const small = step(view.tables.rows!, view.tables.state, view.ids[0]!, optimizer, at);
      view.writeBack({ rows: small.rows, ...(stateful ? { state: small.state! } : {}) });
      expect([...large.rows!.data]).toEqual([...dense.data]);
      if (stateful) expect([...large.state!.data]).toEqual([...denseState!.data]);
    }
    expect([...large.rows!.data]).not.toEqual([...table().data]);
  });

  it('renumbers ids so that every row, sign and padding stays', () => {
    const id = fc.integer({ min: -(height - 1), max: height - 1 });
    fc.assert(
      fc.property(fc.array(fc.array(id, { maxLength: 30 }), { minLength: 1, maxLength: 3 }), (lists) => {
        const given = lists.map((list) => hostArray(Int32Array.from(list)));
        const full = table();
        const view = rowView({ full }, given);
        expect(view.rows[0]).toBe(0);
        expect(new Set(view.rows).size).toBe(view.rows.length);
        expect(view.size).toBeGreaterThanOrEqual(view.rows.length);
        for (const [i, list] of lists.entries())
          for (const [j, original] of list.entries()) {
            const local = view.ids[i]!.data[j]!;
            expect(Math.sign(local)).toBe(Math.sign(original));
            expect(view.rows[Math.abs(local)]).toBe(Math.abs(original));
            const [a, b] = [Math.abs(local) * width, Math.abs(original) * width];
            expect([...view.tables.full.data.subarray(a, a + width)]).toEqual([...full.data.subarray(b, b + width)]);
          }
      }),
    );
  });

  it('pads to the sizes given, then to powers of two, and keeps row 0', () => {
    const ids = hostArray(
      Int32Array.from({ length: 20 }, (_, i) => i + 1),
      [4, 5],
    );
    const full = table();
    const sizes = [[24, 32], [10, 21], [10], undefined].map((pad) => rowView({ full }, [ids], { pad }).size);
    expect(sizes).toEqual([24, 21, 32, 32]);
    const view = rowView({ full }, [ids]);
    expect(view.ids[0]!.shape).toEqual([4, 5]);
    view.writeBack({ full: hostArray(new Float32Array(view.size * width).fill(7), [view.size, width]) });
    const expected = table().data.map((x, i) => (i >= width && i < 21 * width ? 7 : x));
    expect([...full.data]).toEqual([...expected]);
  });

  it('refuses ids out of range and tables that do not fit', () => {
    const code = (name: string) => expect.objectContaining({ code: name });
    expect(() => rowView({ full: table() }, [hostArray(Int32Array.of(-height))])).toThrow(code('out_of_range'));
    expect(() => rowView({ a: table(), b: hostArray(new Float32Array(3), [1, 3]) }, [])).toThrow(code('shape_mismatch'));
    expect(() => rowView({}, [])).toThrow(code('shape_mismatch'));
    const view = rowView({ full: table() }, [hostArray(Int32Array.of(1))]);
    expect(() => view.writeBack({ full: table() })).toThrow(code('shape_mismatch'));
  });
});
