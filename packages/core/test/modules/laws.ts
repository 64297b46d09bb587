import { expectAllClose, expectTraceable, onBackends } from '@taskloom/testing';
import { add, memory, mul, type Scalar, setBackend, stack, sub, sum, type Tensor, tidy, unstack } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { expectParity } from '../../../onnx/test/parity';
import { readTree } from '../../src/executor';
import { valueAndGradients } from '../../src/gradients';
import type { Tree } from '../../src/host-array';
import { type Module, run } from '../../src/module';
import { disposeParams, equals, flatten, mapTree, type Params, zipParams } from '../../src/params';
import { random } from '../../src/random';
import { direction, expectDerivatives, inner } from '../derivatives';

export interface Lawful<I> {
  readonly module: Module<I, Tensor>;
  /** An input; each seed another one. */
  readonly input: (seed: number) => I;
  /** Half the way of the differences; narrower where the function has kinks. */
  readonly step?: number;
  /** False where the module is linear in everything that can be differentiated. */
  readonly curved?: boolean;
}

/** What holds for every module: derivatives, the leading task axis, compiled steps, traceability, memory, and parameters that depend on the seed alone. */
export function moduleLaws<I>(name: string, { module, input, step, curved = true }: Lawful<I>): void {
  const trees = input as unknown as (seed: number) => Tree<Tensor>;
  const output = (params: Params, x: Tree<Tensor>): Tensor => run(module, params, x as unknown as I).output;
  // What can be differentiated: the parameters and the float leaves of the input.
  const split = (params: Params, x: Tree<Tensor>) => {
    const floats: Record<string, Tensor> = {};
    mapTree(x, (leaf: Tensor, path) => {
      if (leaf.dtype === 'float32' && path !== 'paddingMask') floats[path === '' ? 'input' : path] = leaf;
      return leaf;
    });
    return { params, ...(Object.keys(floats).length > 0 && { floats }) } as Params;
  };
  const joined = (tree: Params, x: Tree<Tensor>): Tensor => {
    const floats = (tree.floats ?? {}) as Record<string, Tensor>;
    return output(
      (tree.params ?? {}) as Params,
      mapTree<Tensor, Tensor>(x, (leaf, path) => floats[path === '' ? 'input' : path] ?? leaf),
    );
  };
  const perturbed = (seed: number): Params => {
    const params = module.init(random(seed));
    return tidy(() =>
      flatten(params).size === 0
        ? params
        : zipParams(params, [direction(params, `noise ${seed}`)], ([p, noise]) => add(p!, mul(noise!, 0.2))),
    );
  };
  const objective = (y: Tensor, weights: Tensor): Scalar => sum(mul(add(y, mul(mul(y, y), 0.3)), weights)) as Scalar;

  describe(name, () => {
    onBackends(['cpu', 'wasm'], () => {
      it('has right derivatives of both orders', () => {
        const x = trees(1);
        const tree = split(perturbed(1), x);
        const weights = random('w').normal(tidy(() => joined(tree, x)).shape);
        const { second } = expectDerivatives((t) => objective(joined(t, x), weights), tree, { step });
        expect(second !== 0).toBe(true);
      });

      it('holds the law of the leading task axis, values and both derivatives', () => {
        const seeds = [1, 2, 3];
        const inputs = seeds.map(trees);
        const parts = seeds.map((seed, i) => split(perturbed(seed), inputs[i]!));
        const stackedInput = stackTrees(inputs);
        const stacked = stackTrees(parts) as Params;
        const expected = parts.map((tree, i) => joined(tree, inputs[i]!));
        expectAllClose(joined(stacked, stackedInput), stack(expected), 1e-5);

        const weights = random('w').normal([3, ...expected[0]!.shape]);
        const each = unstack(weights);
        const gradient = (tree: Params, x: Tree<Tensor>, w: Tensor): Params =>
          valueAndGradients((t) => objective(joined(t, x), w), tree).gradients;
        const [first, firsts] = [gradient(stacked, stackedInput, weights), parts.map((tree, i) => gradient(tree, inputs[i]!, each[i]!))];
        expectTreesClose(first, stackTrees(firsts) as Params);

        const v = parts.map((tree, i) => direction(tree, `v ${i}`));
        const product = (tree: Params, x: Tree<Tensor>, w: Tensor, along: Params): Params =>
          valueAndGradients((t) => inner(gradient(t, x, w), along), tree).gradients;
        const seconds = parts.map((tree, i) => product(tree, inputs[i]!, each[i]!, v[i]!));
        expectTreesClose(product(stacked, stackedInput, weights, stackTrees(v) as Params), stackTrees(seconds) as Params);
        if (curved) expect([...flatten(seconds[0]!).values()].some((leaf) => leaf.dataSync().some((value) => value !== 0))).toBe(true);
      });

      it('leaves nothing behind but its output and its parameters', () => {
        const x = trees(1);
        const before = memory().numTensors;
        const params = module.init(random(1));
        const leaves = flatten(params).size;
        expect(memory().numTensors).toBe(before + leaves);
        const y = tidy(() => output(params, x));
        expect(memory().numTensors).toBe(before + leaves + (y === x ? 0 : 1));
        if (y !== x) y.dispose();
        disposeParams(params);
        expect(memory().numTensors).toBe(before);
      });

      it('starts from its seed alone', () => {
        expect(equals(module.init(random(7)), module.init(random(7)))).toBe(true);
      });
    });

    it('is traceable, its gradients too', async () => {
      await expectTraceable(() => {
        const x = trees(1);
        const tree = split(module.init(random(1)), x);
        const f = (t: Params) => sum(joined(t, x)) as Scalar;
        if (flatten(tree).size > 0) valueAndGradients(f, tree);
        else f(tree);
      });
    });

    it('compiled, takes the steps that it takes eagerly', async () => {
      await setBackend('cpu');
      const x = trees(1);
      const tree = split(perturbed(1), x);
      const weights = random('w').normal(tidy(() => joined(tree, x)).shape);
      const step = (state: Params, fed: { x: Tree<Tensor>; weights: Tensor }) => {
        const y = joined(state, fed.x);
        if (flatten(state).size === 0) return { state, outputs: { y } };
        const { value, gradients } = valueAndGradients((t) => objective(joined(t, fed.x), fed.weights), state);
        return { state: zipParams(state, [gradients], ([p, gradient]) => sub(p!, mul(gradient!, 0.05))), outputs: { y, value } };
      };
      const [state, inputs] = [await readTree(tree), await readTree({ x, weights })];
      await expectParity(step as never, state, [inputs, inputs, inputs]);
    });

    it('describes itself in JSON', () => {
      expect(JSON.parse(JSON.stringify(module.config))).toEqual(module.config);
    });
  });
}

function stackTrees(trees: readonly Tree<Tensor>[]): Tree<Tensor> {
  const leaves = trees.map((tree) => {
    const flat = new Map<string, Tensor>();
    mapTree(tree, (leaf: Tensor, path) => flat.set(path, leaf));
    return flat;
  });
  return mapTree<Tensor, Tensor>(trees[0]!, (_, path) => stack(leaves.map((flat) => flat.get(path)!)));
}

function expectTreesClose(actual: Params, expected: Params): void {
  const wanted = flatten(expected);
  for (const [path, leaf] of flatten(actual)) expectAllClose(leaf, wanted.get(path)!, 2e-4);
}
