import '@tensorflow/tfjs-backend-cpu';
import { type Branch, equals, flatten, type HeadInput, mapParams, type Params, random, run, type TaskHead } from '@taskloom/core';
import { expectAllClose, expectTensors, onBackends } from '@taskloom/testing';
import {
  add,
  concat,
  expandDims,
  mean,
  mul,
  type Scalar,
  setBackend,
  slice,
  softmax,
  squeeze,
  stack,
  sum,
  type Tensor,
  type Tensor1D,
  tensor,
  tensor1d,
  tensor2d,
  tensor3d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { classification, head, headKinds, multiLabel, notWithin, ordinal, pairSimilarity, regression, tagging } from '../src';

beforeAll(async () => void (await setBackend('cpu')));

const labels = ['O', 'B-a', 'I-a'];
const sigma = (z: number) => 1 / (1 + Math.exp(-z));
const softmaxOf = (row: readonly number[]) => {
  const total = row.reduce((sum, z) => sum + Math.exp(z), 0);
  return row.map((z) => Math.exp(z) / total);
};
const meanOf = (values: number[], weights: number[]) =>
  values.reduce((sum, v, i) => sum + v * weights[i]!, 0) / weights.reduce((a, b) => a + b, 0);
const logistic = (z: number, t: number) => -t * Math.log(sigma(z)) - (1 - t) * Math.log(1 - sigma(z));
const loss = (of: TaskHead, output: Tensor, target: Tensor, weight: number[]) => of.loss(output, target, tensor1d(weight)).dataSync()[0]!;
const int = (values: number[], shape: number[] = [values.length]) => tensor(values, shape, 'int32');
const predictions = (of: TaskHead, output: Tensor) => of.predict(output) as { readonly [name: string]: Tensor };

const logits = [
  [0.5, -1, 2],
  [1, 0.25, -0.5],
  [-2, 0, 1],
  [0, 0, 3],
];

onBackends(['cpu', 'wasm'], () => {
  it('classification: −ln softmax, weighted', () => {
    const of = classification({ inputs: 2, labels });
    const target = [2, 0, 1, 1];
    const weight = [1, 0.5, 2, 0];
    const expected = meanOf(
      target.map((t, i) => -Math.log(softmaxOf(logits[i]!)[t]!)),
      weight,
    );
    expect(loss(of, tensor2d(logits), int(target), weight)).toBeCloseTo(expected, 5);
    const { label, probabilities } = predictions(of, tensor2d(logits));
    expect([label!.dtype, ...label!.dataSync()]).toEqual(['int32', 2, 0, 2, 2]);
    expectAllClose(probabilities!, tensor2d(logits.map(softmaxOf)));
  });

  it('classification: label smoothing and class weights', () => {
    const weights = [1, 3, 0.5];
    const of = classification({ inputs: 2, labels, labelSmoothing: 0.1, classWeights: weights });
    const plain = classification({ inputs: 2, labels, classWeights: weights });
    const row = (i: number, t: number, s: number) =>
      softmaxOf(logits[i]!).reduce((sum, p, c) => sum - weights[c]! * ((c === t ? 1 - s : 0) + s / 3) * Math.log(p), 0);
    // One row: whatever class weights do in the divisor, the ratio of the two losses is that of the row losses.
    const [smooth, hard] = [of, plain].map((h) => loss(h, tensor2d([logits[1]!]), int([1]), [1]));
    expect(smooth! / hard!).toBeCloseTo(row(1, 1, 0.1) / row(1, 1, 0), 4);
  });

  it('classification: members, each with its slice and its loss; the mean of their logits decides', () => {
    const of = classification({ inputs: 4, labels, members: 2 });
    const alone = classification({ inputs: 2, labels });
    const params = of.init(random(3));
    const members = params.members as Params;
    expect(equals(members[0] as Params, members[1] as Params)).toBe(false);
    const pooled = random('x').normal([3, 4]);
    const output = run(of, params, { pooled }).output;
    expect(output.shape).toEqual([3, 2, 3]);
    const outputs = [0, 1].map((i) => run(alone, members[i] as Params, { pooled: slice(pooled, [0, 2 * i], [3, 2]) }).output);
    expectAllClose(output, stack(outputs, 1));
    const [target, weight] = [int([0, 2, 1]), [1, 0.5, 2]];
    const losses = outputs.map((own) => loss(alone, own, target, weight));
    expect(loss(of, output, target, weight)).toBeCloseTo((losses[0]! + losses[1]!) / 2, 5);
    const [found, expected] = [predictions(of, output), predictions(alone, mul(add(outputs[0]!, outputs[1]!), 0.5))];
    for (const name of ['label', 'probabilities']) expectAllClose(found[name]!, expected[name]!);
  });

  it('classification: members of several widths', () => {
    const of = classification({ inputs: 4, labels, members: [3, 1] });
    const params = of.init(random(3));
    const pooled = random('x').normal([3, 4]);
    const outputs = [3, 1].map((inputs, i) => {
      const own = (params.members as Params)[i] as Params;
      return run(classification({ inputs, labels }), own, { pooled: slice(pooled, [0, i === 0 ? 0 : 3], [3, inputs]) }).output;
    });
    expectAllClose(run(of, params, { pooled }).output, stack(outputs, 1));
  });

  it('classification: members in a list of their own decide as one', () => {
    const of = classification({ inputs: 6, labels, members: [[1, 2], 3] });
    const flat = classification({ inputs: 6, labels, members: [1, 2, 3] });
    const params = of.init(random(4));
    const pooled = random('pooled').normal([3, 6]);
    const logits = run(flat, params, { pooled }).output;
    expectAllClose(run(of, params, { pooled }).output, logits);
    const [a, b, c] = [0, 1, 2].map((i) => slice(logits, [0, i, 0], [3, 1, labels.length]));
    const deciding = squeeze(add(mul(add(a!, b!), 0.25), mul(c!, 0.5)), [1]);
    expectAllClose((of.predict(logits) as { probabilities: Tensor }).probabilities, softmax(deciding));
    const beside = classification({ inputs: 9, labels, members: [[1, 2], 3], linear: { from: 0, of: 3, scale: 1 } });
    expect((beside.config as { members: unknown }).members).toEqual([[1, 2], 3]);
    const zero = concat([pooled, zeros([3, 3])], 1);
    const both = run(beside, { ...params, linear: { bias: zeros([labels.length]) } }, { pooled: zero }).output;
    expectAllClose(squeeze(both, [1]), mul(deciding, 0.5));
    expectAllClose((beside.predict(both) as { probabilities: Tensor }).probabilities, softmax(mul(deciding, 0.5)));
  });

  it('classification: members need slices that fit, and single rows', () => {
    for (const wrong of [
      { inputs: 4, members: 3 },
      { inputs: 4, members: [3, 2] },
      { inputs: 4, members: [] },
      { inputs: 4, members: [4.5, -0.5] },
      { inputs: 4, members: 2, pair: true },
    ])
      expect(() => classification({ labels, ...wrong })).toThrowError(expect.objectContaining({ code: 'bad_option' }));
  });

  it('classification: a linear model beside the members, which training does not see', () => {
    const of = classification({ inputs: 9, labels, members: [2, 2], linear: { from: 1, of: 5, scale: 3 } });
    const alone = classification({ inputs: 4, labels, members: [2, 2] });
    const fresh = of.init(random(3));
    expectAllClose((fresh.linear as Params).bias as Tensor, tensor1d([0, 0, 0]));
    const bias = [0.25, -0.5, 1];
    const params = { ...fresh, linear: { bias: tensor1d(bias) } } as Params;
    const pooled = random('x').normal([4, 9]);
    const first = slice(pooled, [0, 0], [4, 4]);
    const members = run(alone, params, { pooled: first }).output;
    const training = { training: true, random: random(1) };
    expectAllClose(run(of, params, { pooled }, training).output, members);

    // The encoding's last five numbers are scores, of which this head's begin at the second.
    const scores = Array.from({ length: 4 }, (_, i) => bias.map((b, k) => 3 * (pooled.dataSync()[9 * i + 5 + k]! + b)));
    const output = run(of, params, { pooled }).output;
    const deciding = mul(add(mean(members, 1), tensor2d(scores)), 0.5);
    expectAllClose(output, expandDims(deciding, 1));
    const single = classification({ inputs: 2, labels });
    expectAllClose(predictions(of, output).probabilities!, predictions(single, deciding).probabilities!);
    expect(loss(of, output, int([2, 0, 1, -1]), [1, 0.5, 2, 0])).toBeCloseTo(loss(single, deciding, int([2, 0, 1, -1]), [1, 0.5, 2, 0]), 5);

    // Stacked under a task axis it is the same for each.
    const twice = (x: Tensor) => stack([x, x]);
    expectAllClose(run(of, mapParams(params, twice), { pooled: twice(pooled) }).output, twice(output));
    const one = classification({ inputs: 7, labels, linear: { from: 1, of: 5 } });
    expect(run(one, one.init(random(1)), { pooled: slice(pooled, [0, 0], [4, 7]) }).output.shape).toEqual([4, 1, 3]);
  });

  it('classification: beside its own score a class has the best of the finer ones within it', () => {
    const of = classification({ inputs: 8, labels, linear: { from: 4, of: 7, scale: 3, finer: { from: 0, count: 4 } } });
    const within = [0, 2, 0, 1];
    const [bias, own] = [
      [0.25, -0.5, 1],
      [0.1, -0.2, 0.3, 0.4],
    ];
    const fresh = of.init(random(3));
    expect(((fresh.linear as Params).finer as Tensor).shape).toEqual([3, 4]);
    const finer = tensor2d(labels.map((_, k) => within.map((parent, f) => (parent === k ? own[f]! : notWithin))));
    const params = { ...fresh, linear: { bias: tensor1d(bias), finer } } as Params;
    const pooled = random('x').normal([5, 8]);
    const members = run(of, params, { pooled }, { training: true, random: random(1) }).output;
    const expected = Array.from({ length: 5 }, (_, i) => {
      const row = [...pooled.dataSync()].slice(8 * i + 1, 8 * i + 8);
      const best = (k: number) => Math.max(...within.flatMap((parent, f) => (parent === k ? [row[f]! + own[f]!] : [])));
      return bias.map((b, k) => (members.dataSync()[3 * i + k]! + 3 * (row[4 + k]! + b + 2 * best(k))) / 2);
    });
    const output = run(of, params, { pooled }).output;
    expectAllClose(output, expandDims(tensor2d(expected), 1));
    const twice = (x: Tensor) => stack([x, x]);
    expectAllClose(run(of, mapParams(params, twice), { pooled: twice(pooled) }).output, twice(output));
  });

  it('classification: a linear model needs scores that are there, and single rows', () => {
    for (const wrong of [
      { inputs: 8, linear: { from: 4, of: 7, finer: { from: 4, count: 4 } } },
      { inputs: 8, linear: { from: 4, of: 7, finer: { from: 0, count: 0 } } },
      { inputs: 8, linear: { from: 4, of: 7, finer: { from: 0 } } },
      { inputs: 8, linear: { from: 4, of: 7, finer: null } },
      { inputs: 7, linear: { from: 3, of: 5 } },
      { inputs: 4, linear: { from: 0, of: 5 } },
      { inputs: 7, linear: { from: -1, of: 5 } },
      { inputs: 7, linear: { from: 0, of: 5, width: 5 } },
      { inputs: 7, linear: { from: 0, of: 5, scale: -1 } },
      { inputs: 7, linear: { from: 0, of: 5 }, members: [7] },
      { inputs: 7, linear: { from: 0, of: 5 }, pair: true },
    ])
      expect(() => classification({ labels, ...wrong } as never)).toThrowError(expect.objectContaining({ code: 'bad_option' }));
  });

  it('multiLabel: the mean of binary cross-entropies', () => {
    const of = multiLabel({ inputs: 2, labels });
    const target = [
      [1, 0, 1],
      [0, 0, 0],
      [1, 1, 1],
      [0, 1, 0],
    ];
    const weight = [1, 2, 0, 1];
    const rows = logits.map((row, i) => row.reduce((sum, z, c) => sum + logistic(z, target[i]![c]!), 0) / 3);
    expect(loss(of, tensor2d(logits), tensor2d(target), weight)).toBeCloseTo(meanOf(rows, weight), 5);
    expectAllClose(predictions(of, tensor2d(logits)).probabilities!, tensor2d(logits.map((row) => row.map(sigma))));
  });

  it('multiLabel: decides at ½, at another threshold, at one for each label', () => {
    const decided = (thresholds?: number | readonly number[]) => {
      const { decisions } = predictions(multiLabel({ inputs: 2, labels, thresholds }), tensor2d(logits));
      expect([decisions!.dtype, decisions!.shape]).toEqual(['int32', [4, 3]]);
      return [...decisions!.dataSync()].join('');
    };
    // σ is 0.62 0.27 0.88, 0.73 0.56 0.38, 0.12 0.5 0.73, 0.5 0.5 0.95.
    expect(decided()).toBe('101110011111');
    expect(decided(0.6)).toBe('101100001001');
    expect(decided([0.7, 0.2, 0.9])).toBe('010110010011');
  });

  it('classification: the label of the greatest probability, or of the greatest divided by a threshold', () => {
    const decided = (options: { thresholds?: readonly number[]; members?: number }, scores: number[][]) => {
      const given = options.members ? tensor3d(scores.map((row) => [row, row])) : tensor2d(scores);
      const { label, probabilities } = predictions(classification({ inputs: 2, labels, ...options }), given);
      expectAllClose(sum(probabilities!, -1), [1, 1, 1]);
      return [...label!.dataSync()];
    };
    const scores = [
      [0.5, 0.3, 0.2],
      [0.4, 0.35, 0.25],
      [0.9, 0.05, 0.05],
    ].map((row) => row.map(Math.log));
    for (const members of [undefined, 2]) {
      expect(decided({ members }, scores)).toEqual([0, 0, 0]);
      // 1.25 1 0.67, 1 1.17 0.83, 2.25 0.17 0.17
      expect(decided({ members, thresholds: [0.4, 0.3, 0.3] }, scores)).toEqual([0, 1, 0]);
      expect(decided({ members, thresholds: [0.5, 0.4, 0.1] }, scores)).toEqual([2, 2, 0]);
    }
    for (const thresholds of [
      [0.5, 0.5],
      [0, 0.5, 0.5],
      [0.5, 0.5, 1.5],
    ])
      expect(() => classification({ inputs: 2, labels, thresholds })).toThrow(/Thresholds are probabilities/);
  });

  it('regression: squared error or Huber', () => {
    const [value, target, weight] = [
      [0.5, -1, 4],
      [1, -1.5, 0],
      [1, 1, 2],
    ];
    const errors = value.map((v, i) => v - target[i]!);
    expect(loss(regression({ inputs: 2 }), tensor1d(value), tensor1d(target), weight)).toBeCloseTo(
      meanOf(
        errors.map((e) => e * e),
        weight,
      ),
      5,
    );
    const huber = errors.map((e) => (Math.abs(e) <= 1 ? 0.5 * e * e : Math.abs(e) - 0.5));
    expect(loss(regression({ inputs: 2, loss: 'huber' }), tensor1d(value), tensor1d(target), weight)).toBeCloseTo(meanOf(huber, weight), 5);
    expectAllClose(predictions(regression({ inputs: 2 }), tensor1d(value)).value!, tensor1d(value), 0);
  });

  it('ordinal: CORAL, and all classes equally likely at the start', () => {
    const of = ordinal({ inputs: 2, labels: ['low', 'normal', 'high'] });
    const output = [
      [1.5, -0.5],
      [-1, -2],
      [3, 1],
    ];
    const target = [1, 0, 2];
    const rows = output.map((row, i) => row.reduce((sum, z, k) => sum + logistic(z, target[i]! > k ? 1 : 0), 0));
    expect(loss(of, tensor2d(output), int(target), [1, 1, 3])).toBeCloseTo(meanOf(rows, [1, 1, 3]), 5);
    const { label, probabilities } = predictions(of, tensor2d(output));
    expect([label!.dtype, ...label!.dataSync()]).toEqual(['int32', 1, 0, 2]);
    expectAllClose(probabilities!, tensor2d(output.map(([a, b]) => [1 - sigma(a!), sigma(a!) - sigma(b!), sigma(b!)])));
    const params = of.init(random(1));
    const start = run(of, params, { pooled: tensor2d([[0, 0]]) }).output;
    expectAllClose(predictions(of, start).probabilities!, tensor2d([[1 / 3, 1 / 3, 1 / 3]]));
  });

  it('tagging: the mean over labelled tokens, −1 left out', () => {
    const of = tagging({ inputs: 2, labels });
    const output = tensor([...logits.flat(), ...logits.flat()], [2, 4, 3]);
    const tags = [
      [0, 2, -1, -1],
      [1, -1, 1, 2],
    ];
    const weight = [2, 1];
    const tokens = tags.flatMap((row, n) => row.flatMap((t, i) => (t < 0 ? [] : [[-Math.log(softmaxOf(logits[i]!)[t]!), weight[n]!]])));
    expect(loss(of, output, int(tags.flat(), [2, 4]), weight)).toBeCloseTo(
      meanOf(
        tokens.map(([l]) => l!),
        tokens.map(([, w]) => w!),
      ),
      5,
    );
    const { tags: predicted, probabilities } = predictions(of, output);
    expect([...predicted!.dataSync()]).toEqual([2, 0, 2, 2, 2, 0, 2, 2]);
    expectAllClose(probabilities!, tensor([...logits, ...logits].flatMap(softmaxOf), [2, 4, 3]));
  });

  it('pairSimilarity: binary, a free score, a score in a range', () => {
    const [z, weight] = [
      [1.5, -0.25, 0.5],
      [1, 2, 1],
    ];
    const binary = pairSimilarity({ inputs: 2 });
    expect(loss(binary, tensor1d(z), tensor1d([1, 0, 1]), weight)).toBeCloseTo(
      meanOf(
        [1, 0, 1].map((t, i) => logistic(z[i]!, t)),
        weight,
      ),
      5,
    );
    const { label, probabilities } = predictions(binary, tensor1d(z));
    expect([label!.dtype, ...label!.dataSync()]).toEqual(['int32', 1, 0, 1]);
    expectAllClose(probabilities!, tensor2d(z.map((v) => [1 - sigma(v), sigma(v)])));
    const free = pairSimilarity({ inputs: 2, output: 'score' });
    expect(loss(free, tensor1d(z), tensor1d([1, 0, 1]), weight)).toBeCloseTo(
      meanOf(
        [1, 0, 1].map((t, i) => (t - z[i]!) ** 2),
        weight,
      ),
      5,
    );
    const stars = pairSimilarity({ inputs: 2, output: 'score', range: [1, 5] });
    expect(loss(stars, tensor1d(z), tensor1d([5, 2, 3]), weight)).toBeCloseTo(
      meanOf(
        [1, 0.25, 0.5].map((t, i) => logistic(z[i]!, t)),
        weight,
      ),
      5,
    );
    expectAllClose(predictions(stars, tensor1d(z)).value!, tensor1d(z.map((v) => 1 + 4 * sigma(v))));
  });
});

const all: { readonly [kind: string]: TaskHead } = {
  classification: classification({ inputs: 4, labels, hidden: 3, dropout: 0.1 }),
  multiLabel: multiLabel({ inputs: 4, labels }),
  regression: regression({ inputs: 4, loss: 'huber' }),
  ordinal: ordinal({ inputs: 4, labels }),
  tagging: tagging({ inputs: 4, labels }),
  pairSimilarity: pairSimilarity({ inputs: 4, output: 'score', range: [0, 5] }),
};
const encoding = (seed = 0): HeadInput => ({
  pooled: random('pooled').fold(seed).normal([3, 4]),
  tokens: random('tokens').fold(seed).normal([3, 2, 4]),
  pair: { pooled: random('pair').fold(seed).normal([3, 4]) },
});
const target = (kind: string): Tensor =>
  ({
    classification: () => int([0, 1, 2]),
    multiLabel: () => tensor([1, 0, 0, 0, 1, 1, 0, 0, 0], [3, 3]),
    regression: () => tensor1d([1, 0, 2]),
    ordinal: () => int([2, 0, 1]),
    tagging: () => int([0, 1, -1, -1, 2, 0], [3, 2]),
    pairSimilarity: () => tensor1d([5, 0, 1]),
  })[kind]!();

describe.each(headKinds)('%s', (kind) => {
  const of = all[kind]!;

  it('is built again from its config, through JSON', () => {
    const again = head(JSON.parse(JSON.stringify(of.config)));
    expect(again.config).toEqual(of.config);
    expect([again.kind, again.metrics]).toEqual([of.kind, of.metrics]);
    const params = of.init(random(1));
    expect(equals(again.init(random(1)), params)).toBe(true);
    expect(run(again, params, encoding()).output.dataSync()).toEqual(run(of, params, encoding()).output.dataSync());
  });

  it('gives 0 where no row has a weight', () => {
    const { output } = run(of, of.init(random(1)), encoding());
    expect(of.loss(output, target(kind), tensor1d([0, 0, 0])).dataSync()[0]).toBe(0);
  });

  it('a row of weight 0 has no influence', () => {
    const params = of.init(random(1));
    const at = (seed: number) => {
      const other = encoding(seed);
      const mixed: HeadInput = tidy(() => {
        const first = (x: Tensor, y: Tensor) =>
          tensor([...x.dataSync().slice(0, (2 * x.size) / 3), ...y.dataSync().slice((2 * x.size) / 3)], x.shape);
        const base = encoding();
        return {
          pooled: first(base.pooled, other.pooled),
          tokens: first(base.tokens!, other.tokens!),
          pair: { pooled: first(base.pair!.pooled, other.pair!.pooled) },
        };
      });
      return of.loss(run(of, params, mixed).output, target(kind), tensor1d([1, 2, 0])).dataSync()[0]!;
    };
    expect(at(1)).toBeCloseTo(at(2), 6);
  });

  it('keeps nothing but its results', () => {
    const params = of.init(random(1));
    const [input, wanted, weight] = [encoding(), target(kind), tensor1d([1, 1, 1])];
    expectTensors(() => {
      const output = tidy(() => run(of, params, input).output);
      const value: Scalar = tidy(() => of.loss(output, wanted, weight as Tensor1D));
      const predicted: Branch<Tensor> = tidy(() => of.predict(output) as never);
      value.dispose();
      output.dispose();
      for (const leaf of flatten(predicted as Params).values()) leaf.dispose();
    }, 0);
  });
});

describe('pairs', () => {
  it('are alike in both orders, bit for bit', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        tidy(() => {
          const of = pairSimilarity({ inputs: 4, hidden: 3 });
          const params = of.init(random(seed));
          const { pooled, pair } = encoding(seed);
          const forward = run(of, params, { pooled, pair: pair! }).output.dataSync();
          expect(run(of, params, { pooled: pair!.pooled, pair: { pooled } }).output.dataSync()).toEqual(forward);
        });
      }),
      { numRuns: 20 },
    );
  });

  it('a zero vector has cosine 0, finite', () => {
    const of = pairSimilarity({ inputs: 2 });
    const output = run(of, of.init(random(1)), { pooled: tensor2d([[0, 0]]), pair: { pooled: tensor2d([[0, 0]]) } }).output;
    expectAllClose(output, [0]);
  });
});

describe('mistakes', () => {
  it('are named', () => {
    const of = all.classification!;
    expect(() => run(of, of.init(random(1)), { pooled: tensor2d([[1, 2, 3]]) })).toThrow(/width 4, got 3.*trunk.width/);
    expect(() => run(all.pairSimilarity!, {}, { pooled: tensor2d([[1, 2, 3, 4]]) })).toThrow(/single rows/);
    expect(() => run(all.tagging!, {}, { pooled: tensor2d([[1, 2, 3, 4]]) })).toThrow(/without tokens/);
    expect(() => classification({ inputs: 4, labels: ['a', 'a'] })).toThrow(/'a' is given twice/);
    expect(() => classification({ inputs: 4, labels, classWeights: [1, 2] })).toThrow(/one finite number/);
    expect(() => classification({ inputs: 4, labels: ['one'] })).toThrow(/more labels/);
    expect(() => tagging({ inputs: 4, labels: ['B-a', 'O'] })).toThrow(/first tag must be 'O'/);
    expect(() => pairSimilarity({ inputs: 4, output: 'score', range: [5, 1] })).toThrow(/lower to a higher/);
    expect(() => classification({ inputs: 4, labels, hiden: 3 } as never)).toThrow(/no option 'hiden'.*Did you mean 'hidden'\?/);
    expect(() => classification({ inputs: 4 } as never)).toThrow(/needs the option 'labels'/);
    expect(() => multiLabel({ inputs: 4, labels, dropout: 1 })).toThrow(
      /'dropout' of 'multiLabel' is wrong. Expected a number in \[0, 1\), got 1/,
    );
    expect(() => multiLabel({ inputs: 4, labels, thresholds: [0.5, 0.5] })).toThrow(/Thresholds are probabilities.*or 3 of them/);
    expect(() => multiLabel({ inputs: 4, labels, thresholds: 1.5 })).toThrow(/Thresholds are probabilities/);
    expect(() => regression({ inputs: 4, loss: 'hubert' as 'huber' })).toThrow(/one of squaredError, huber/);
    expect(() => head({ kind: 'clasification', inputs: 4, labels: ['a', 'b'] })).toThrow(/Did you mean 'classification'\?/);
  });
});
