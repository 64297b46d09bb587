import { hostRandom } from '@taskloom/core';
import type { Measurement } from '../../src/diagnosis';

/** Task i: scale · ½ Σₖ curvatureₖ (xₖ − targetₖ)² + floor, its gradient with Gaussian noise of its own in every batch. */
export interface Quadratic {
  readonly target: readonly number[];
  readonly scale?: number;
  readonly curvature?: readonly number[];
  readonly noise?: number;
  readonly floor?: number;
}

/** Descends the sum from `start` and measures on the way, as a probe would. */
export function measured(
  tasks: readonly Quadratic[],
  {
    start,
    steps = 40,
    rate = 0.02,
    lookahead = true,
    seed = 1,
  }: { start: readonly number[]; steps?: number; rate?: number; lookahead?: boolean; seed?: number },
): Measurement[] {
  const random = hostRandom(seed);
  const draws = (step: number, name: string) =>
    random
      .fold(step)
      .fold(name)
      .normal(tasks.length * start.length);
  let x = [...start];
  return Array.from({ length: steps }, (_, step) => {
    const gradients = (name: string) => {
      const noise = draws(step, name);
      return tasks.map((task, i) => exactGradient(task, x).map((g, k) => g + (task.noise ?? 0) * noise[i * start.length + k]!));
    };
    const [a, b] = [gradients('a'), gradients('b')];
    const products = (p: number[][], q: number[][]) =>
      p.flatMap((row) => q.map((other) => row.reduce((sum, value, k) => sum + value * other[k]!, 0)));
    const measurement: Measurement = {
      step,
      present: tasks.map(() => 1),
      losses: tasks.map((task) => loss(task, x)),
      gramian: products(a, a),
      cross: products(a, b),
      ...(lookahead
        ? {
            lookahead: a.flatMap((row) =>
              tasks.map((task) =>
                loss(
                  task,
                  x.map((value, k) => value - rate * row[k]!),
                ),
              ),
            ),
          }
        : {}),
    };
    x = x.map((value, k) => value - rate * a.reduce((sum, row) => sum + row[k]!, 0));
    return measurement;
  });
}

function loss({ target, scale = 1, curvature, floor = 0 }: Quadratic, x: readonly number[]): number {
  return floor + (scale / 2) * x.reduce((sum, value, k) => sum + (curvature?.[k] ?? 1) * (value - target[k]!) ** 2, 0);
}

function exactGradient({ target, scale = 1, curvature }: Quadratic, x: readonly number[]): number[] {
  return x.map((value, k) => scale * (curvature?.[k] ?? 1) * (value - target[k]!));
}
