import { readFileSync } from 'node:fs';
import { TaskloomError } from '@taskloom/core';
import { tensor1d, tidy } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import * as all from '../src';
import { type MethodInfo, methods, type OptionInfo } from '../src/methods';

const jacobian = [
  [1, -2, 0.5, 3],
  [-0.3, 1, 2, -1],
  [0.2, 0.1, -4, 1],
];
const losses = [0.5, 2, 1.2];

/** What a method answers to three steps in a row, as numbers. */
function answers(balancer: ReturnType<MethodInfo['create']>): number[] {
  if (balancer.kind === 'scalarization')
    return tidy(() => {
      const parameters = balancer.init(['a', 'b', 'c']);
      return [...balancer.total(tensor1d(losses), parameters, tensor1d([1, 1, 1])).dataSync()];
    });
  const numbers: number[] = [];
  let state: unknown;
  for (let step = 0; step < 3; step++) {
    const context = all.balancingContext({ tasks: 3, step, epoch: 4 * step, losses: losses.map((loss) => loss / (1 + step)) });
    const result = all.balanceJacobian<unknown>(jacobian, balancer, state as never, context);
    numbers.push(...result.weights, ...result.update);
    state = result.state;
    if (balancer.kind === 'loss-weighting' && balancer.afterStep)
      state = balancer.afterStep(Float64Array.from([0.4, 1.5, 1]), state, context);
  }
  return numbers;
}

/** Values that an option must take, and some that it must not. */
function examples(option: OptionInfo): { good: unknown[]; bad: unknown[] } {
  switch (option.type) {
    case 'boolean':
      return { good: [true, false], bad: [1, 'true'] };
    case 'choice':
      return { good: [...option.choices], bad: [`${option.choices[0]} `, 1] };
    case 'numbers':
      return { good: [[0.5, 1, 0.25]], bad: [['1'], [Number.NaN], 1] };
    case 'number': {
      const { min, max, integer } = option;
      return {
        good: [min, max, option.default].filter((value) => value !== undefined),
        bad: [
          Number.NaN,
          '1',
          ...(min === undefined ? [] : [min - 1]),
          ...(max === undefined ? [] : [max + 1]),
          ...(integer ? [(min ?? 0) + 0.5] : []),
        ],
      };
    }
  }
}

const codeOf = (f: () => unknown): string | undefined => {
  try {
    f();
    return undefined;
  } catch (error) {
    return TaskloomError.isInstance(error) ? error.code : String(error);
  }
};

describe('the registry', () => {
  it('knows each method once, by the name under which the package exports it', () => {
    const names = methods.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(all).toHaveProperty(name, expect.any(Function));
  });

  it.each(methods)('$name: what it says of itself is so', ({ create, family, options, cost, description, paper }) => {
    const balancer = create();
    expect(balancer.kind).toBe(family);
    expect(cost).toMatch(/^(\d?F) \+ (\d?B|(\d·?)?T·B.*|.*B.*)$/);
    expect(cost.startsWith('2F')).toBe(balancer.kind === 'loss-weighting' && balancer.afterStep !== undefined);
    expect(description).toMatch(/\.$/);
    if (paper?.arxiv) expect(paper.arxiv).toMatch(/^\d{4}\.\d{4,5}$/);
    expect(answers(balancer).every(Number.isFinite)).toBe(true);
    // The defaults it names are those it takes.
    const named = Object.entries(options).filter(([, option]) => option.default !== undefined);
    expect(answers(create(Object.fromEntries(named.map(([name, option]) => [name, option.default]))))).toEqual(answers(create()));
  });

  it.each(methods)('$name: takes the options it names, in their range, and no others', ({ create, options }) => {
    for (const [name, option] of Object.entries(options)) {
      const { good, bad } = examples(option);
      for (const value of good) expect([name, value, codeOf(() => create({ [name]: value }))]).toEqual([name, value, undefined]);
      for (const value of bad) expect([name, value, codeOf(() => create({ [name]: value }))]).toEqual([name, value, 'bad_option']);
    }
    expect(codeOf(() => create({ unheardOf: 1 }))).toBe('unknown_option');
  });

  it.each(methods.filter(({ options }) => Object.keys(options).length > 0))(
    '$name: its function refuses at once what the registry does',
    ({ name, options }) => {
      // The one whose option is not in an object.
      const make = name === 'fixed' ? ({ weights }: { weights: never }) => all.fixed(weights) : (all as never)[name];
      for (const [option, info] of Object.entries(options))
        for (const value of [...examples(info).bad, null])
          expect([option, value, codeOf(() => (make as (options: unknown) => unknown)({ [option]: value }))]).toEqual([
            option,
            value,
            'bad_option',
          ]);
    },
  );

  it.each(methods)('$name: its doc comment says what a step costs, as the registry does', ({ name, cost }) => {
    const file = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const source = readFileSync(new URL(`../src/${file}.ts`, import.meta.url), 'utf8').replace(/\n \*/g, '');
    expect(source).toMatch(`Cost ${cost}`);
  });

  it('so do functions with options that a menu has no room for', () => {
    const codes = [
      () => all.uncertainty({ kinds: { a: 'regression', b: 'count' as never } }),
      () => all.gradDrop({ leak: [0.5, 2] }),
      () => all.upgrad({ preference: { a: 1, b: -1 } }),
      () => all.famo({ minLosses: { a: Number.NaN } }),
      () => all.withPriorities(all.upgrad(), [1, -1]),
    ].map(codeOf);
    expect(codes).toEqual(codes.map(() => 'bad_option'));
  });
});
