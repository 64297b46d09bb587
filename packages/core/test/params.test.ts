import { memory, type Tensor, tensor1d, tensor2d, tidy } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expectAllClose, expectTensors } from '@taskloom/testing';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import {
  addParams,
  byCodePoint,
  countParams,
  disposeParams,
  equals,
  flatten,
  type HostArray,
  hostArray,
  mapParams,
  matcher,
  merge,
  type Params,
  ravel,
  select,
  TaskloomError,
  unflatten,
  zipParams,
} from '../src/index';

const name = fc.stringMatching(/^[a-zA-Zäß😀_.0-9-]{1,4}$/u).filter((text) => text !== '__proto__');
/** Trees of host arrays, each leaf a number of its own. */
const tree = fc
  .uniqueArray(fc.array(name, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 8, selector: (names) => names.join('/') })
  .map((paths) => paths.map((names) => names.join('/')))
  // No path may run through another one.
  .map((paths) => paths.filter((path) => !paths.some((other) => other !== path && path.startsWith(`${other}/`))))
  .map((paths) => unflatten(paths.map((path, i) => [path, hostArray(Float32Array.of(i))] as const)));

const codeOf = (f: () => unknown): string | undefined => {
  try {
    f();
  } catch (error) {
    return TaskloomError.isInstance(error) ? error.code : String(error);
  }
};

describe('flatten and unflatten', () => {
  test('are inverse', () => {
    fc.assert(
      fc.property(tree, (t) => {
        expect(unflatten(flatten<HostArray>(t))).toEqual(t);
      }),
    );
  });

  test('walk in code-point order, whatever the order of insertion', () => {
    fc.assert(
      fc.property(tree, fc.integer(), (t, seed) => {
        const entries = [...flatten<HostArray>(t)];
        const shuffled = entries.map((entry, i) => [Math.sin(seed + i), entry] as const).sort(([a], [b]) => a - b);
        expect([...flatten<HostArray>(unflatten<HostArray>(shuffled.map(([, entry]) => entry))).keys()]).toEqual(
          entries.map(([path]) => path),
        );
      }),
    );
    expect(['😀', '￿', 'b', 'a', 'ab'].sort(byCodePoint)).toEqual(['a', 'ab', 'b', '￿', '😀']);
  });

  test('refuse names that are no part of a path', () => {
    const leaf = hostArray(Float32Array.of(1));
    for (const [levels, fits] of [
      [100, true],
      [101, false],
      [100_000, false],
    ] as const) {
      const path = Array.from({ length: levels }, () => 'a').join('/');
      const made = () => unflatten<HostArray>([[path, hostArray(Float32Array.of(1))]]);
      if (fits) expect([...flatten(made()).keys()]).toEqual([path]);
      else expect(codeOf(made)).toBe('bad_name');
    }
    for (const bad of ['', 'a/b', '__proto__'])
      expect(codeOf(() => flatten<HostArray>(Object.fromEntries([[bad, leaf]])))).toBe('bad_name');
    expect(
      codeOf(() =>
        unflatten<HostArray>([
          ['a', leaf],
          ['a/b', leaf],
        ]),
      ),
    ).toBe('bad_name');
    expect(
      codeOf(() =>
        unflatten<HostArray>([
          ['a/b', leaf],
          ['a', leaf],
        ]),
      ),
    ).toBe('bad_name');
    expect(codeOf(() => unflatten<HostArray>([['a//b', leaf]]))).toBe('bad_name');
  });
});

describe('select and merge', () => {
  test('a selection and the rest make the whole', () => {
    fc.assert(
      fc.property(tree, fc.func(fc.boolean()), (t, chosen) => {
        const one = select<HostArray>(t, (path) => chosen(path));
        const rest = select<HostArray>(t, (path) => !chosen(path));
        expect(merge(one as unknown as Params, rest as unknown as Params)).toEqual(t);
      }),
    );
  });

  test('leaves laid over win, all others stay', () => {
    fc.assert(
      fc.property(tree, tree, (base, over) => {
        const conflict = [...flatten<HostArray>(over).keys()].some((path) =>
          [...flatten<HostArray>(base).keys()].some((other) => other.startsWith(`${path}/`) || path.startsWith(`${other}/`)),
        );
        fc.pre(!conflict);
        const merged = flatten<HostArray>(merge(base as unknown as Params, over as unknown as Params) as never);
        for (const [path, leaf] of flatten<HostArray>(over)) expect(merged.get(path)).toBe(leaf);
        for (const [path, leaf] of flatten<HostArray>(base)) if (!flatten<HostArray>(over).has(path)) expect(merged.get(path)).toBe(leaf);
      }),
    );
  });

  test.each([
    ['shared/**', ['shared', 'shared/a', 'shared/a/b'], ['sharedx', 'tasks/shared/a']],
    ['tasks/*/kernel', ['tasks/a/kernel'], ['tasks/kernel', 'tasks/a/b/kernel', 'tasks/a/kernels']],
    ['**/bias', ['bias', 'a/bias', 'a/b/bias'], ['a/bias/c', 'abias', 'a/xbias']],
    ['a/**/z', ['a/z', 'a/b/z', 'a/b/c/z'], ['a/bz', 'z', 'ab/z']],
    ['**', ['a', 'a/b'], []],
    ['*', ['a'], ['a/b']],
    ['layer*', ['layer', 'layer1'], ['layer1/a', 'alayer']],
    ['a.b', ['a.b'], ['axb']],
    ['[x]($)', ['[x]($)'], ['x']],
  ])('pattern %s', (pattern, matching, others) => {
    for (const path of matching) expect(matcher(pattern)(path), path).toBe(true);
    for (const path of others) expect(matcher(pattern)(path), path).toBe(false);
    expect(matcher(['nothing', pattern])(matching[0]!)).toBe(true);
  });
});

describe('trees of tensors', () => {
  const params = { w: tensor2d([1, 2, 3, 4], [2, 2]), deep: { b: tensor1d([5, 6]), steps: tensor1d([7], 'int32') } };
  afterAll(() => disposeParams(params));

  test('ravel and back, other dtypes untouched', () => {
    const before = memory().numTensors;
    const { vector, unravel } = ravel(params);
    expectAllClose(vector, [5, 6, 1, 2, 3, 4]);
    const back = unravel(vector);
    expect(memory().numTensors - before).toBe(3);
    expect(back.deep.steps).toBe(params.deep.steps);
    expect(equals(back, params)).toBe(true);
    expect(codeOf(() => unravel(tensor1d([1])))).toBe('shape_mismatch');
    expect(codeOf(() => ravel({ steps: params.deep.steps }))).toBe('nothing_to_ravel');
    disposeParams({ vector, w: back.w, b: back.deep.b });
  });

  test('map, zip and add keep the structure', () => {
    tidy(() => {
      const sum = addParams(params, params);
      expectAllClose(sum.w, [2, 4, 6, 8]);
      expect(sum.deep.steps.dtype).toBe('int32');
      expect([...flatten(mapParams(params, (leaf) => leaf.clone())).keys()]).toEqual(['deep/b', 'deep/steps', 'w']);
      const seen: string[] = [];
      zipParams(params, [params, params], (leaves, path) => {
        expect(leaves.length).toBe(3);
        seen.push(path);
        return leaves[0]!;
      });
      expect(seen).toEqual(['deep/b', 'deep/steps', 'w']);
    });
    expect(codeOf(() => addParams(params, { w: params.w }))).toBe('structure_mismatch');
    expect(codeOf(() => addParams({ w: params.w }, params))).toBe('structure_mismatch');
  });

  test('count, equality bit for bit, disposal', () => {
    expect(countParams(params)).toBe(7);
    tidy(() => {
      const other = (change: Partial<typeof params>): Params => ({ ...params, ...change });
      expect(equals(params, other({}))).toBe(true);
      expect(equals(params, other({ w: tensor2d([1, 2, 3, 4.0000005], [2, 2]) }))).toBe(false);
      expect(equals(params, other({ w: tensor1d([1, 2, 3, 4]) as unknown as typeof params.w }))).toBe(false);
      expect(equals({ x: tensor1d([Number.NaN]) }, { x: tensor1d([Number.NaN]) })).toBe(true);
      expect(equals({ x: tensor1d([0]) }, { x: tensor1d([-0]) })).toBe(false);
    });
    expectTensors(() => disposeParams(mapParams(params, (leaf: Tensor) => leaf.clone())), 0);
  });
});
