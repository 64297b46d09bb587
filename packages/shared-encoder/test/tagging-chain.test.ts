import '@tensorflow/tfjs-backend-cpu';
import {
  type Branch,
  equals,
  flatten,
  type HeadInput,
  hostArray,
  mapParams,
  type Params,
  random,
  readTree,
  run,
  valueAndGradients,
} from '@taskloom/core';
import { crf, crfViterbi } from '@taskloom/core/losses';
import { expectAllClose, expectTensors, onBackends } from '@taskloom/testing';
import { mul, setBackend, sub, type Tensor, type Tensor1D, tensor, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeTags, head, tagChain, tagging } from '../src';

beforeAll(async () => void (await setBackend('cpu')));

const labels = ['O', 'B-a', 'I-a'];
const of = tagging({ inputs: 4, labels, crf: true });
const mask = () => tensor([1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 0], [3, 4]);
const input = (seed = 0): HeadInput => ({
  pooled: random('pooled').normal([3, 4]),
  tokens: random('tokens').fold(seed).normal([3, 4, 4]),
  mask: mask(),
});
/** Parameters with a chain that says something. */
const params = (): Params => {
  const first = of.init(random(1));
  return { ...first, transitions: random('t').normal([3, 3]), start: random('s').normal([3]), end: random('e').normal([3]) };
};
const tags = () => tensor([0, 1, 2, 0, 1, 2, -1, -1, 0, 1, 1, -1], [3, 4], 'int32');

onBackends(['cpu', 'wasm'], () => {
  it('the loss is the likelihood of the tags under emissions and chain, per token', () => {
    const p = params();
    const { output } = run(of, p, input());
    expect(output.shape).toEqual([3, 3 + 2 + 4, 3 + 1]);
    const chain = tagChain(output);
    for (const name of ['transitions', 'start', 'end'] as const) expectAllClose(chain[name], p[name] as Tensor, 0);
    expectAllClose(chain.mask, mask(), 0);
    const plain = tagging({ inputs: 4, labels });
    expectAllClose(chain.emissions, run(plain, p, input()).output);
    const weight = tensor1d([1, 2, 0.5]);
    expectAllClose(of.loss(output, tags(), weight).dataSync(), crf(chain.emissions, tags(), chain, { weight, per: 'token' }).dataSync());
  });

  it('predicts the best sequence of the tokens up to the last', () => {
    const { output } = run(of, params(), input());
    const { tags: found } = of.predict(output) as { tags: Tensor };
    expect([found.dtype, found.shape]).toEqual(['int32', [3, 4]]);
    const chain = tagChain(output);
    // Row 2 begins with a token that no feature was found for: it is a token all the same.
    const counted = tensor([1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0], [3, 4]);
    expect([...found.dataSync()]).toEqual([...crfViterbi(chain.emissions, chain, { mask: counted }).tags.dataSync()]);
  });

  it('its scores, decoded on the host, are its predictions', async () => {
    const { output } = run(of, params(), input(3));
    const scores = (await readTree(of.scores!(output))) as Branch<ReturnType<typeof hostArray>>;
    const found = decodeTags(scores);
    expect([found.dtype, found.shape, ...found.data]).toEqual([
      'int32',
      [3, 4],
      ...(of.predict(output) as { tags: Tensor }).tags.dataSync(),
    ]);
  });
});

describe('a chain of tags', () => {
  it('learns what may follow what', () => {
    // Tags alternate, whatever the tokens: only the chain can know.
    const target = tensor([0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0, 1], [3, 4], 'int32');
    const full = () => ({ ...input(), mask: tensor(new Float32Array(12).fill(1), [3, 4]) });
    let p: Params = { ...of.init(random(1)) };
    const loss = (q: Params) => of.loss(run(of, q, full()).output, target, tensor1d([1, 1, 1]));
    const before = tidy(() => loss(p).dataSync()[0]!);
    for (let step = 0; step < 60; step++)
      p = tidy(() => {
        const { gradients } = valueAndGradients(loss, p);
        const moves = flatten(gradients);
        return mapParams(p, (leaf, path) => sub(leaf, mul(moves.get(path)!, 1)));
      });
    expect(tidy(() => loss(p).dataSync()[0]!)).toBeLessThan(0.2 * before);
    const chain = (p.transitions as Tensor).arraySync() as number[][];
    expect(chain[0]![1]! - chain[0]![0]!).toBeGreaterThan(1);
    expect(chain[1]![0]! - chain[1]![1]!).toBeGreaterThan(1);
  });

  it('is built again from its config, keeps nothing, and gives 0 where no row has a weight', () => {
    const again = head(JSON.parse(JSON.stringify(of.config)));
    expect(again.config).toEqual({ kind: 'tagging', inputs: 4, labels, crf: true });
    expect(equals(again.init(random(1)), of.init(random(1)))).toBe(true);
    const [p, given, wanted, weight] = [params(), input(), tags(), tensor1d([0, 0, 0])];
    expectTensors(() => {
      const output = tidy(() => run(of, p, given).output);
      const value = tidy(() => of.loss(output, wanted, weight as Tensor1D));
      expect(value.dataSync()[0]).toBe(0);
      const { tags: found } = tidy(() => of.predict(output) as { tags: Tensor });
      for (const x of [output, value, found]) x.dispose();
    }, 0);
  });

  it('names what it cannot do', () => {
    expect(() => tagging({ inputs: 4, labels, crf: true, labelSmoothing: 0.1 })).toThrow(/no label smoothing/);
    expect(() => tagging({ inputs: 4, labels, crf: true, classWeights: [1, 1, 2] })).toThrow(/no class weights/);
    expect(() => decodeTags({ emissions: hostArray(new Float32Array(3), [1, 1, 3]) })).toThrow(/lack 'transitions'/);
  });
});
