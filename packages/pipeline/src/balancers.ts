import { type Balancer, TaskloomError } from '@taskloom/core';
import { methods } from '@taskloom/mtl-loss/methods';
import { suggestion } from './strict-object';
import type { TrainingConfig } from './training-schema';

type Maker = (options?: { readonly [name: string]: unknown }) => Balancer;

/** What `training.balancer` may name, and what makes it. Weights of one's own are the tasks' `weight`. */
export const balancers: ReadonlyMap<string, Maker> = new Map<string, Maker>(
  methods.filter(({ name }) => name !== 'fixed').map(({ name, create }) => [name, create] as const),
);

/** Micro-batches per update: as many as the balancer compares, unless the config says. */
export function accumulateOf({ balancer, balancerOptions, accumulate }: Omit<Balanced, 'balanceAt'>): number {
  return accumulate ?? comparedBy(balancer, balancerOptions);
}

function comparedBy(name: string, options: Balanced['balancerOptions']): number {
  const balancer = balancers.get(name)?.(options);
  return balancer?.kind === 'jacobian-method' ? (balancer.batches ?? 1) : 1;
}

type Balanced = Pick<TrainingConfig, 'balancer' | 'balancerOptions' | 'balanceAt' | 'accumulate'>;

/** What is wrong with the options of a balancer or with what it asks of others, and with which. */
export function balancerFault({
  balancer,
  balancerOptions,
  balanceAt,
  accumulate,
}: Balanced): { readonly path: readonly string[]; readonly message: string } | undefined {
  try {
    const compared = comparedBy(balancer, balancerOptions);
    if (balanceAt === 'features' && !soundAtFeatures(balancer, balancerOptions))
      return { path: ['balanceAt'], message: `'${balancer}' cannot balance gradients at the shared representation; ${atFeatures()} can.` };
    if (accumulate === undefined || accumulate % compared === 0) return undefined;
    return { path: ['accumulate'], message: `'${balancer}' compares ${compared} batches: it must be a multiple of ${compared}.` };
  } catch (error) {
    if (!TaskloomError.isInstance(error)) throw error;
    const { name, expected } = error.details;
    if (typeof name !== 'string') return { path: ['balancerOptions'], message: error.message };
    const known = error.code === 'unknown_option' && Array.isArray(expected) ? suggestion(name, expected as string[]) : '';
    return { path: ['balancerOptions', name], message: error.message + known };
  }
}

function soundAtFeatures(name: string, options?: Balanced['balancerOptions']): boolean {
  const balancer = balancers.get(name)!(options);
  return 'features' in balancer && balancer.features === true;
}

function atFeatures(): string {
  return [...balancers.keys()].filter((name) => soundAtFeatures(name)).join(', ');
}
