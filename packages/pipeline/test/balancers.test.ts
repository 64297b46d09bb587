import { TaskloomError } from '@taskloom/core';
import { methods } from '@taskloom/mtl-loss/methods';
import { describe, expect, it } from 'vitest';
import { accumulateOf, balancers } from '../src/balancers';
import { type Config, resolveConfig } from '../src/index';
import { buildBalancer } from '../src/optimization';

type Training = NonNullable<Config['training']>;

const task = (name: string, head: 'classification' | 'regression', weight?: number): Config['tasks'][number] => ({
  name,
  head,
  data: { train: 'rows' },
  columns: { label: name },
  ...(weight === undefined ? {} : { weight }),
});

const made = (training: Training, tasks = [task('a', 'classification'), task('b', 'regression')]) =>
  buildBalancer(resolveConfig({ tasks, training }));

const messageOf = (training: Training, tasks?: Config['tasks']) => {
  try {
    made(training, tasks as never);
    return 'nothing is wrong';
  } catch (error) {
    return TaskloomError.isInstance(error) && error.code === 'bad_config' ? error.message : String(error);
  }
};

describe('training.balancer', () => {
  it('works at shared features where it is sound there', () => {
    expect(messageOf({ balancer: 'mgda', balanceAt: 'features' })).toBe('nothing is wrong');
    expect(messageOf({ balancer: 'pcgrad', balanceAt: 'features' })).toContain("training.balanceAt: 'pcgrad' cannot balance");
    expect(messageOf({ balancer: 'sum', balanceAt: 'features' })).toContain('mgda');
  });

  it('is the sum by default, and the weights of tasks that have some', () => {
    expect(made({}).name).toBe('sum');
    expect(made({}, [task('a', 'classification', 2), task('b', 'regression')]).name).toBe('fixed');
    expect(messageOf({ balancer: 'log' }, [task('a', 'classification', 2)])).toContain("'log' finds its own");
  });

  it('names any method of the registry but one that is weights', () => {
    for (const { name } of methods.filter((one) => balancers.has(one.name))) expect(made({ balancer: name }).kind).toBeDefined();
    expect(messageOf({ balancer: 'fixed' })).toContain("'fixed' is none of");
  });

  it('answers a misspelt name, option or choice with the nearest, and a value out of its range with the range', () => {
    expect(messageOf({ balancer: 'dynamicWeigthAverage' })).toContain("Did you mean 'dynamicWeightAverage'?");
    expect(messageOf({ balancer: 'grad_norm' })).toContain("Did you mean 'gradNorm'?");
    expect(messageOf({ balancer: 'famo', balancerOptions: { gama: 1 } })).toContain(
      "training.balancerOptions.gama: 'famo' has no option 'gama'.",
    );
    expect(messageOf({ balancer: 'famo', balancerOptions: { gama: 1 } })).toContain("Did you mean 'gamma'?");
    expect(messageOf({ balancer: 'famo', balancerOptions: { gamma: -1 } })).toContain(
      "training.balancerOptions.gamma: The option 'gamma' of 'famo' has a value that does not fit. Expected a finite number of 0 or more, got -1.",
    );
    expect(messageOf({ balancer: 'rlw', balancerOptions: { distribution: 'uniform' } })).toContain(
      "Expected one of 'normal', 'dirichlet', got uniform",
    );
    expect(messageOf({ balancer: 'stch', balancerOptions: { warmupEpochs: 1.5 } })).toContain(
      'Expected a whole number of 0 or more, got 1.5',
    );
    expect(messageOf({ balancer: 'sum', balancerOptions: { gamma: 1 } })).toContain("'sum' has no option 'gamma'");
  });

  it('wants a number a task where it wants a list', () => {
    expect(messageOf({ balancer: 'smoothTchebycheff', balancerOptions: { preference: [0.3, 0.7] } })).toBe('nothing is wrong');
    expect(messageOf({ balancer: 'smoothTchebycheff', balancerOptions: { preference: [0.3, 0.3, 0.4] } })).toContain(
      "'preference' has 3 numbers for 2 tasks",
    );
  });

  it('gives a method that compares batches as many micro-batches', () => {
    const accumulated = (training: Training) => accumulateOf(resolveConfig({ tasks: [task('a', 'classification')], training }).training);
    expect(accumulated({})).toBe(1);
    expect(accumulated({ accumulate: 3 })).toBe(3);
    expect(accumulated({ balancer: 'sdmgrad' })).toBe(3);
    expect(accumulated({ balancer: 'sdmgrad', accumulate: 6 })).toBe(6);
    expect(messageOf({ balancer: 'sdmgrad', accumulate: 2 })).toContain("training.accumulate: 'sdmgrad' compares 3 batches");
  });

  it('hands the options on', () => {
    const balancer = made({ balancer: 'dynamicWeightAverage', balancerOptions: { window: 3 } });
    if (balancer.kind !== 'loss-weighting') throw new Error(balancer.kind);
    expect(balancer.init(['a', 'b'])).toMatchObject({ recent: new Float64Array(12).fill(Number.NaN) });
  });
});
