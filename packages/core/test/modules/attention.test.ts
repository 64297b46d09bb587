import { expectAllClose, onBackends } from '@taskloom/testing';
import { type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Module, run } from '../../src/module';
import { multiHeadAttention, type TokensInput, transformerBlock } from '../../src/modules';
import type { Params } from '../../src/params';
import { mapParams } from '../../src/params';
import { random } from '../../src/random';
import { type Attention, affine, attention, gelu, type Matrix, matrix, normalized, vector } from './reference';

const [texts, time, width] = [2, 5, 6];

/** Parameters without zeros. */
const params = <P extends Params>(module: Module<TokensInput, Tensor, P>): P =>
  mapParams(module.init(random(1)), (leaf, path) => random('p').fold(path).normal(leaf.shape));
const weightsOf = (p: { readonly [name: string]: { readonly kernel: Tensor; readonly bias: Tensor } }): Attention =>
  Object.fromEntries(Object.entries(p).map(([name, { kernel, bias }]) => [name, [matrix(kernel), vector(bias)]])) as unknown as Attention;
const inputs = (seed: number, mask: number[][]): TokensInput => ({
  tokens: random('x').fold(seed).normal([texts, time, width]),
  paddingMask: tensor(mask),
});

const someMask = [
  [1, 1, 1, 1, 1],
  [1, 0, 1, 0, 0],
];

onBackends(['cpu', 'wasm'], () => {
  it.each([false, true])('equals the formula, causal: %s', (causal) => {
    const module = multiHeadAttention({ width, heads: 3, causal });
    const p = params(module);
    const x = inputs(1, someMask);
    const expected = (x.tokens.arraySync() as number[][][]).map((text, n) => attention(text, someMask[n]!, 3, causal, weightsOf(p)));
    expectAllClose(run(module, p, x).output, expected.flat(2), 1e-4);
  });

  it.each(['pre', 'post'] as const)('a block with %s-normalisation equals the formula', (norm) => {
    const module = transformerBlock({ width, heads: 2, hidden: 7, norm });
    const p = params(module);
    const x = inputs(2, someMask);
    const layerNorm = (rows: Matrix, { scale, offset }: { scale: Tensor; offset: Tensor }) =>
      rows.map((row) => normalized(row, vector(scale), vector(offset), 1e-5));
    const add = (a: Matrix, b: Matrix) => a.map((row, i) => row.map((value, j) => value + b[i]![j]!));
    const attend = (rows: Matrix, mask: number[]) => attention(rows, mask, 2, false, weightsOf(p.attention));
    const feed = (rows: Matrix) =>
      rows.map((row) => {
        const { expand, contract } = p.feedForward;
        return affine(affine(row, matrix(expand.kernel), vector(expand.bias)).map(gelu), matrix(contract.kernel), vector(contract.bias));
      });
    const expected = (x.tokens.arraySync() as number[][][]).map((text, n) => {
      const mask = someMask[n]!;
      if (norm === 'pre') {
        const h = add(text, attend(layerNorm(text, p.attentionNorm), mask));
        return add(h, feed(layerNorm(h, p.feedForwardNorm)));
      }
      const h = layerNorm(add(text, attend(text, mask)), p.attentionNorm);
      return layerNorm(add(h, feed(h)), p.feedForwardNorm);
    });
    expectAllClose(run(module, p, x).output, expected.flat(2), 1e-4);
  });

  it('padding has no influence on the other positions', () => {
    const mask = fc.array(fc.array(fc.integer({ min: 0, max: 1 }), { minLength: time, maxLength: time }), {
      minLength: texts,
      maxLength: texts,
    });
    const causal = fc.boolean();
    fc.assert(
      fc.property(mask, causal, fc.integer(), (mask, causal, seed) =>
        tidy(() => {
          const module = transformerBlock({ width, heads: 2, causal });
          const p = params(module);
          const x = inputs(seed, mask);
          const other = { ...x, tokens: changed(x.tokens, (n, t) => mask[n]![t] === 0) };
          const seen = (y: Tensor) => rows(y).filter((_, i) => mask[Math.floor(i / time)]![i % time] === 1);
          expect(seen(run(module, p, other).output)).toEqual(seen(run(module, p, x).output));
        }),
      ),
      { numRuns: 25, seed: 1 },
    );
  });

  it('the future has no influence on a causal block, whatever the padding', () => {
    const mask = fc.array(fc.array(fc.integer({ min: 0, max: 1 }), { minLength: time, maxLength: time }), {
      minLength: texts,
      maxLength: texts,
    });
    fc.assert(
      fc.property(mask, fc.integer({ min: 0, max: time - 1 }), (mask, now) =>
        tidy(() => {
          const module = transformerBlock({ width, heads: 2, causal: true });
          const p = params(module);
          const x = inputs(3, mask);
          const other = { ...x, tokens: changed(x.tokens, (_, t) => t > now) };
          const past = (y: Tensor) => rows(y).filter((_, i) => i % time <= now);
          expect(past(run(module, p, other).output)).toEqual(past(run(module, p, x).output));
        }),
      ),
      { numRuns: 25, seed: 1 },
    );
  });

  it('a text of padding alone gives the bias of the output, and no NaN', () => {
    const module = multiHeadAttention({ width, heads: 2 });
    const p = params(module);
    const y = rows(
      run(
        module,
        p,
        inputs(4, [
          [0, 0, 0, 0, 0],
          [1, 1, 1, 1, 1],
        ]),
      ).output,
    );
    for (const row of y.slice(0, time)) expectAllClose(row, vector(p.output.bias), 1e-5);
  });

  it('records its weights, which add up to one', () => {
    const module = transformerBlock({ width, heads: 2 });
    const weights = run(module, params(module), inputs(5, someMask)).records['attention/attention']!;
    expect(weights.shape).toEqual([texts, 2, time, time]);
    for (const row of rows(weights)) expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
  });

  it('drops in training only', () => {
    const module = transformerBlock({ width, heads: 2, dropout: 0.5 });
    const p = params(module);
    const x = inputs(6, someMask);
    const draw = (seed: number) => run(module, p, x, { training: true, random: random(seed) }).output.dataSync();
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(run(module, p, x).output.dataSync()).toEqual(run(transformerBlock({ width, heads: 2 }), p, x).output.dataSync());
  });
});

it('refuses heads that do not divide the width, and a mask of another shape', () => {
  expect(() => multiHeadAttention({ width: 6, heads: 4 })).toThrowError(expect.objectContaining({ code: 'bad_option' }));
  const module = multiHeadAttention({ width, heads: 2 });
  expect(() => run(module, params(module), { ...inputs(1, someMask), paddingMask: tensor([[1, 1]]) })).toThrowError(
    expect.objectContaining({ code: 'shape_mismatch' }),
  );
});

/** The vectors along the last axis. */
function rows(x: Tensor): number[][] {
  const size = x.shape.at(-1)!;
  const flat = [...x.dataSync()];
  return Array.from({ length: flat.length / size }, (_, i) => flat.slice(i * size, (i + 1) * size));
}

/** The tokens with those at the places replaced by large other values. */
function changed(tokens: Tensor, where: (text: number, time: number) => boolean): Tensor {
  const next = rows(tokens).map((row, i) =>
    where(Math.floor(i / time), i % time) ? row.map((value, j) => 20 * Math.sin(1 + value + j)) : row,
  );
  return tensor(next.flat(), tokens.shape);
}
