import { type ColumnRule, checkNumbers, type JacobianMethod } from '@taskloom/core';
import { add, concat, div, matMul, mul, reshape, split, sqrt, square, sub, type Tensor2D } from '@tensorflow/tfjs-core';
import { type ConfigOptions, config } from './config';
import { combined } from './host-rows';
import { divided } from './products';
import { trackedGramian } from './tracked-rows';

export interface MConfigOptions extends ConfigOptions {
  /** Decay of each task's first moment. Default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment, which all tasks share. Default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the second moment. Default 1e-8. */
  readonly epsilon?: number;
}

export interface MConfigState {
  /** How often each task was seen. */
  readonly seen: Float64Array;
  /** Steps since all were. */
  readonly steps: number;
}

/**
 * M-ConFIG, ConFIG of momenta (Q. Liu, M. Chu, N. Thuerey 2024, arXiv 2408.11104): each task that is present moves its own first moment m̂ᵢ, and ĝ = ConFIG(m̂₁ … m̂_T) of all of them
 * is the direction, so that one task a step will do. The gradient that ĝ would come from as a first moment itself feeds one
 * second moment s; update ĝ/(√ŝ + ε), as Adam has it: take it with plain SGD. Zero until every task was seen. Carries T + 2 rows as long as the parameters.
 * Cost F + B for one task a step, F + T·B for all.
 */
export function mConfig({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, ...options }: MConfigOptions = {}): JacobianMethod<MConfigState> {
  checkNumbers({ beta1, beta2 }, 0, 0.999999);
  checkNumbers({ epsilon }, 0);
  const direction = config(options);
  return {
    kind: 'jacobian-method',
    name: 'm-config',
    needs: ['gramian', 'gradients'],
    memory: (tasks) => tasks + 2,
    init: (tasks) => ({ seen: new Float64Array(tasks.length), steps: 0 }),
    weigh(gramian, state, context) {
      const tasks = context.present.length;
      const rows = 2 * tasks + 2;
      const here = (i: number) => context.present[i]! > 0;
      const seen = state.seen.map((count, i) => count + (here(i) ? 1 : 0));
      // mᵢ as a combination of the row gᵢ and the row it was.
      const own = seen.map((_, i) => (here(i) ? 1 - beta1 : 0));
      const former = seen.map((_, i) => (here(i) ? beta1 : 1));
      const ready = seen.every((count) => count > 0) && tasks > 0;
      const steps = state.steps + (ready ? 1 : 0);
      const biases = seen.map((count) => 1 - beta1 ** Math.max(1, count));
      const moments = divided(trackedGramian(gramian, rows, { own, former }), biases);
      const all = { ...context, present: new Float64Array(tasks).fill(1) };
      const weights = ready ? direction.weigh(moments, null, all).weights : new Float64Array(tasks);
      const factors = weights.map((weight, i) => weight / biases[i]!);
      const numbers = [Number(ready), 1 - beta1 ** steps, beta1, beta2, 1 - beta2 ** Math.max(1, steps), epsilon];
      return { weights, coefficients: Float64Array.from([...own, ...former, ...factors, ...numbers]), state: { seen, steps } };
    },
    columns,
  };
}

/** Rows: gradients, first moments, the last m̃, s. Coefficients: of gradients and moments in the new moments, of these in ĝ, and six numbers. */
const columns: ColumnRule = {
  coefficients: (tasks) => 3 * tasks + 6,
  host(rows, coefficients) {
    const tasks = (rows.length - 2) / 2;
    const width = rows[0]!.length;
    const part = (k: number) => coefficients.subarray(k * tasks, (k + 1) * tasks);
    const [ready, bias1, beta1, beta2, bias2, epsilon] = coefficients.subarray(3 * tasks) as unknown as number[];
    const moments = Array.from({ length: tasks }, (_, i) => combined([rows[i]!, rows[tasks + i]!], [part(0)[i]!, part(1)[i]!], width));
    const [last, second] = rows.slice(2 * tasks) as [Float64Array, Float64Array];
    const direction = combined(moments, part(2), width);
    if (!ready) return [new Float64Array(width), ...moments, last, second];
    const first = direction.map((value) => value * bias1!);
    const squares = second.map((value, k) => beta2! * value + (1 - beta2!) * ((first[k]! - beta1! * last[k]!) / (1 - beta1!)) ** 2);
    return [direction.map((value, k) => value / (Math.sqrt(squares[k]! / bias2!) + epsilon!)), ...moments, first, squares];
  },
  tensors(rows, coefficients) {
    const tasks = (rows.shape[0] - 2) / 2;
    const [gradients, before, last, second] = split(rows, [tasks, tasks, 1, 1]) as [Tensor2D, Tensor2D, Tensor2D, Tensor2D];
    const [own, former, factors, ready, bias1, beta1, beta2, bias2, epsilon] = split(reshape(coefficients, [-1, 1]), [
      tasks,
      tasks,
      tasks,
      1,
      1,
      1,
      1,
      1,
      1,
    ]) as Tensor2D[] as [Tensor2D, Tensor2D, Tensor2D, Tensor2D, Tensor2D, Tensor2D, Tensor2D, Tensor2D, Tensor2D];
    const moments = add<Tensor2D>(mul(own, gradients), mul(former, before));
    const direction = matMul(factors, moments, true);
    const first = mul<Tensor2D>(direction, bias1);
    const pseudo = div(sub(first, mul(beta1, last)), sub(1, beta1));
    const squares = add<Tensor2D>(mul(beta2, second), mul(sub(1, beta2), square(pseudo)));
    const update = div(direction, add(sqrt(div(squares, bias2)), epsilon));
    // Until all were seen nothing but the first moments moves.
    const kept = (next: Tensor2D, former: Tensor2D) => add<Tensor2D>(former, mul(ready, sub(next, former)));
    return concat([mul<Tensor2D>(update, ready), moments, kept(first, last), kept(squares, second)], 0);
  },
};
