import { describe, expect, it } from 'vitest';
import { engine } from '../../src/run/engine.js';

class Tensor {
  constructor(
    readonly type: string,
    readonly data: Float32Array,
    readonly dims: readonly number[],
  ) {}
}

/** An ONNX Runtime whose one model adds 1 to `state`, leaving the result in new memory, and which tells what it was fed and what it made. */
function counting() {
  const fed: Float32Array[] = [];
  const made: Float32Array[] = [];
  const session = {
    async run({ state }: { state: Tensor }) {
      fed.push(state.data);
      const next = new Tensor(
        state.type,
        state.data.map((value) => value + 1),
        state.dims,
      );
      made.push(next.data);
      return { next };
    },
    async release() {},
  };
  const ort = { env: { versions: { common: '1' } }, InferenceSession: { create: async () => session }, Tensor };
  return { own: engine(ort as never), fed, made };
}

const array = (size: number) => ({ shape: [size], dtype: 'float32' as const, data: new Float32Array(size).fill(5) });
const step = (own: ReturnType<typeof engine>, from: number, to: number) =>
  own.run(0, { given: [], held: [['state', from]], keep: [['next', to]], read: [] });

describe('engine', () => {
  it('what runs leave becomes the state, without a copy, and its memory is given back at once', async () => {
    const { own, fed, made } = counting();
    await own.load(0, 'a model', {});
    own.hold(0, [array(100_000)]);
    for (let i = 0; i < 4; i++) {
      await step(own, i, i + 1);
      own.free([i]);
      expect(fed[i]!.length).toBe(0);
      expect(made[i]!.length).toBe(100_000);
    }
    for (const [i, array] of made.slice(0, 3).entries()) expect(fed[i + 1]).toBe(array);
    expect(own.read([4])[0]!.data).toEqual(new Float32Array(100_000).fill(9));
    expect(made[3]!.at(-1)).toBe(9); // what was read is a copy
    own.free([4]);
    expect(made[3]!.length).toBe(0);
  });

  it('until the state before it is freed, both are whole', async () => {
    const { own } = counting();
    await own.load(0, 'a model', {});
    own.hold(0, [array(100_000)]);
    await step(own, 0, 1);
    expect(own.read([0, 1]).map(({ data }) => data.at(-1))).toEqual([5, 6]);
    own.free([1]); // a step that failed later on
    expect(own.read([0])[0]!.data.at(-1)).toBe(5);
    await step(own, 0, 2);
    own.free([0]);
    expect(own.read([2])[0]!.data.at(-1)).toBe(6);
  });

  it('small arrays are left to the garbage collection', async () => {
    const { own, fed } = counting();
    await own.load(0, 'a model', {});
    const initial = array(10);
    own.hold(0, [initial]);
    await step(own, 0, 1);
    own.free([0]);
    expect(fed[0]).toBe(initial.data);
    expect(initial.data.length).toBe(10);
  });
});
