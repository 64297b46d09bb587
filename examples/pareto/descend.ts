import type { GradientBalancer, LossWeighting } from '@taskloom/core';
import { balanceJacobian, balancingContext } from '@taskloom/mtl-loss';
import type { Problem } from './problems';

export interface DescendOptions {
  readonly steps: number;
  readonly rate: number;
  /** Adam, as the landscape's authors do it, or plain descent. Default: Adam. */
  readonly adam?: boolean;
  /** Points kept of the way. Default 400. */
  readonly points?: number;
  readonly seed?: number;
}

/** The way from a start under a balancer, first and last point included. */
export function descend<S>(
  problem: Problem,
  start: readonly number[],
  method: GradientBalancer<S> | LossWeighting<S>,
  { steps, rate, adam = true, points = 400, seed = 0 }: DescendOptions,
): number[][] {
  let x = [...start];
  const first = x.map(() => 0);
  const second = x.map(() => 0);
  const way = [x];
  let state = method.init(['0', '1']);
  for (let step = 0; step < steps; step++) {
    const context = balancingContext({ tasks: 2, step, losses: problem.losses(x), seed });
    const balanced = balanceJacobian(problem.jacobian(x), method, state, context);
    state = balanced.state;
    x = x.map((value, k) => {
      const g = balanced.update[k]!;
      if (!adam) return value - rate * g;
      first[k] = 0.9 * first[k]! + 0.1 * g;
      second[k] = 0.999 * second[k]! + 0.001 * g * g;
      const [m, v] = [first[k]! / (1 - 0.9 ** (step + 1)), second[k]! / (1 - 0.999 ** (step + 1))];
      return value - (rate * m) / (Math.sqrt(v) + 1e-8);
    });
    if (problem.project) x = problem.project(x);
    if (method.kind === 'loss-weighting' && method.afterStep)
      state = method.afterStep(Float64Array.from(problem.losses(x)), state, context);
    if ((step + 1) % Math.max(1, Math.floor(steps / points)) === 0 || step === steps - 1) way.push(x);
  }
  return way;
}
