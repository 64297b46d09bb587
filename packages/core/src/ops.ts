import {
  add,
  broadcast_util,
  broadcastTo,
  cast,
  clone,
  customGrad,
  div,
  erf,
  exp,
  type GradSaveFunc,
  gather,
  log,
  matMul,
  max,
  maximum,
  mul,
  reshape,
  softmax as softmaxOfLastAxis,
  square,
  squeeze,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { TaskloomError } from './error';
import { completeKernels } from './repair/host-kernels';
import { sameShape } from './repair/rule';

/** x as a constant: nothing flows back through it. */
export function stopGradient<T extends Tensor>(x: T): T {
  // Without inputs of its own the copy has no place on the tape.
  return customGrad(() => ({ value: clone(x), gradFunc: () => [] }))() as T;
}

/** exp(x) / Σ exp(x) along `axis` (default the last), finite for finite x. */
export function softmax<T extends Tensor>(x: T, axis = -1): T {
  if (axis === -1 || axis === x.rank - 1) return softmaxOfLastAxis(x);
  return tidy(() => {
    const shifted = exp(sub(x, stopGradient(max(x, axis, true))));
    return div(shifted, sum(shifted, axis, true)) as T;
  });
}

/** ln Σ exp(x) along `axis` (default the last), finite for finite x; −∞ where all x are −∞. */
export function logSumExp(x: Tensor, axis = -1, keepDims = false): Tensor {
  return tidy(() => {
    const kept = customGrad((...given) => {
      const [input, save] = given as unknown as [Tensor, GradSaveFunc];
      save([input]);
      const { shift, total } = shiftedSum(input, axis);
      return { value: add(log(total), shift), gradFunc: (dy: Tensor, [saved]: Tensor[]) => mul(dy, softmax(saved!, axis)) };
    })(x);
    return keepDims ? kept : squeeze(kept, [axis < 0 ? axis + x.rank : axis]);
  });
}

/** x − ln Σ exp(x) along `axis` (default the last). */
export function logSoftmax<T extends Tensor>(x: T, axis = -1): T {
  return customGrad((...given) => {
    const [input, save] = given as unknown as [Tensor, GradSaveFunc];
    save([input]);
    const { shift, total } = shiftedSum(input, axis);
    return {
      value: sub(sub(input, shift), log(total)),
      gradFunc: (dy: Tensor, [saved]: Tensor[]) => sub(dy, mul(sum(dy, axis, true), softmax(saved!, axis))),
    };
  })(x) as T;
}

/** The greatest x, and Σ exp(x − greatest), both with the axis kept. */
function shiftedSum(x: Tensor, axis: number): { shift: Tensor; total: Tensor } {
  const shift = maximum(max(x, axis, true), -3.4028234e38);
  return { shift, total: sum(exp(sub(x, shift)), axis, true) };
}

export interface GeluOptions {
  /** With tanh instead of the error function (the form of GPT-2). Default false. */
  readonly approximate?: boolean;
}

/** x·Φ(x), the Gaussian error linear unit (Hendrycks and Gimpel 2016, arXiv 1606.08415). */
export function gelu<T extends Tensor>(x: T, { approximate = false }: GeluOptions = {}): T {
  return customGrad((...given) => {
    const [input, save] = given as unknown as [Tensor, GradSaveFunc];
    save([input]);
    const cumulative = approximate ? tanhCumulative : normalCumulative;
    const slope = approximate ? tanhGeluSlope : geluSlope;
    return { value: mul(input, cumulative(input)), gradFunc: (dy: Tensor, [saved]: Tensor[]) => mul(dy, slope(saved!)) };
  })(x) as T;
}

/** Φ(x) */
function normalCumulative(x: Tensor): Tensor {
  return mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
}

/** d/dx x·Φ(x) = Φ(x) + x·φ(x) */
function geluSlope(x: Tensor): Tensor {
  // x·φ(x) = u·exp(ln(1/√π) − u²) with u = x/√2, which Φ has as well: x itself need not be kept for the backward pass.
  const scaled = mul(x, Math.SQRT1_2);
  return add(normalCumulative(x), mul(scaled, exp(sub(-0.5 * Math.log(Math.PI), square(scaled)))));
}

const tanhScale = Math.sqrt(2 / Math.PI);
const cubic = 0.044715;

/** ½(1 + tanh(√(2/π)(x + 0.044715·x³))) ≈ Φ(x) */
function tanhCumulative(x: Tensor): Tensor {
  const inner = mul(mul(x, add(mul(square(x), cubic), 1)), tanhScale);
  return mul(add(tanh(inner), 1), 0.5);
}

/** c + x·c′ with c = tanhCumulative and c′ = 2c(1 − c)·√(2/π)(1 + 3·0.044715·x²) */
function tanhGeluSlope(x: Tensor): Tensor {
  const c = tanhCumulative(x);
  const inner = mul(add(mul(square(x), 3 * cubic), 1), 2 * tanhScale);
  return add(c, mul(mul(x, inner), mul(c, sub(1, c))));
}

/**
 * Rows of a table by number, an embedding lookup: table [V, d], ids int32 of any shape → [...ids.shape, d]. With leading axes in front,
 * table [tasks, V, d] and ids [tasks, …], each task reads its own table. Differentiable in the table on every backend, at every order.
 */
export function take(table: Tensor, ids: Tensor): Tensor {
  const leading = table.shape.slice(0, -2);
  const [rows, width] = table.shape.slice(-2) as [number, number];
  if (table.rank < 2 || !sameShape(ids.shape.slice(0, leading.length), leading))
    throw new TaskloomError('shape_mismatch', 'The ids do not fit the table.', {
      name: 'ids',
      expected: `table [V, d] with any ids, or leading axes [${leading}] on both`,
      got: `table [${table.shape}], ids [${ids.shape}]`,
    });
  completeKernels();
  return tidy(() => {
    const whole = ids.dtype === 'int32' ? ids : cast(ids, 'int32');
    const tables = leading.reduce((a, b) => a * b, 1);
    if (leading.length === 0) return gather(table, whole);
    const first = tensor(
      Int32Array.from({ length: tables }, (_, i) => i * rows),
      [...leading, ...Array<number>(ids.rank - leading.length).fill(1)],
      'int32',
    );
    return gather(reshape(table, [tables * rows, width]), add(whole, first));
  });
}

export interface MatMulOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** op(a)·op(b) over the last two axes, the axes in front broadcast: a […, m, k], b […, k, n] → […, m, n]. */
export function matMulBroadcast(a: Tensor, b: Tensor, { transposeA = false, transposeB = false }: MatMulOptions = {}): Tensor {
  const [batchA, batchB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  if (sameShape(batchA, batchB)) return matMul(a, b, transposeA, transposeB);
  return tidy(() => {
    const batch = broadcast_util.assertAndGetBroadcastShape(batchA, batchB);
    const size = (shape: readonly number[]) => shape.reduce((x, y) => x * y, 1);
    if (size(batchB) === 1 && !transposeA) {
      // One product of all rows.
      const [k, n] = transposeB ? [b.shape.at(-1)!, b.shape.at(-2)!] : [b.shape.at(-2)!, b.shape.at(-1)!];
      const flat = matMul(reshape(a, [-1, k]), reshape(b, b.shape.slice(-2)), false, transposeB);
      return reshape(flat, [...batch, a.shape.at(-2)!, n]);
    }
    const full = (x: Tensor) => broadcastTo(x, [...batch, ...x.shape.slice(-2)]);
    return matMul(full(a), full(b), transposeA, transposeB);
  });
}
