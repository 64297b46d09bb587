import { type Balancer, TaskloomError } from '@taskloom/core';
import { mean, mgda, pcgrad } from '@taskloom/mtl-loss';
import { methods } from '@taskloom/mtl-loss/methods';
import { suggestion } from './strict-object';
import type { TrainingConfig } from './training-schema';

type Maker = (options?: { readonly [name: string]: unknown }) => Balancer;

/** What `training.balancer` may name, and what makes it: every method that `fit` can run. Weights of one's own are the tasks' `weight`. */
export const balancers: ReadonlyMap<string, Maker> = new Map<string, Maker>([
  ['mean', () => mean()],
  ['mgda', () => mgda()],
  ['pcgrad', () => pcgrad()],
  ...methods
    .filter(({ name, family }) => family !== 'jacobian-method' && name !== 'fixed')
    .map(({ name, create }) => [name, create] as const),
]);

/** What is wrong with the options of a balancer, and with which of them. */
export function balancerFault({
  balancer,
  balancerOptions,
}: Pick<TrainingConfig, 'balancer' | 'balancerOptions'>): { readonly option?: string; readonly message: string } | undefined {
  try {
    balancers.get(balancer)?.(balancerOptions);
    return undefined;
  } catch (error) {
    if (!TaskloomError.isInstance(error)) throw error;
    const { name, expected } = error.details;
    if (typeof name !== 'string') return { message: error.message };
    const known = error.code === 'unknown_option' && Array.isArray(expected) ? suggestion(name, expected as string[]) : '';
    return { option: name, message: error.message + known };
  }
}
