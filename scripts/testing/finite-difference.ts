import { add, engine, mul, sum, type Tensor, tensor, tidy, zerosLike } from '@tensorflow/tfjs-core';
import { expectAllClose } from './expectations';

type Function_ = (...inputs: Tensor[]) => Tensor;

export interface GradientCheck {
  /** Orders to check; default 1 and 2. */
  readonly orders?: readonly (1 | 2)[];
  /** Step of the central difference; default 0.02. */
  readonly step?: number;
  /** Bound on |analytic − numeric| / (1 + |numeric|); default 2e-3. */
  readonly tolerance?: number;
  /** Which inputs to differentiate in; default those of dtype float32. */
  readonly wrt?: readonly number[];
}

/** Reproducible values in [low, high], no two neighbours equal, none at a multiple of the step. */
export function sampleTensor(shape: readonly number[], seed = 1, low = -1, high = 1): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, i) => low + (high - low) * fraction(0.754877666 * (i + 1) + 0.569840291 * seed)),
    [...shape],
  );
}

const fraction = (x: number) => x - Math.floor(x);

/**
 * ∂ Σ f / ∂x by central differences with one Richardson extrapolation, (4·D(h/2) − D(h))/3: truncation O(h⁴), rounding about 1e-7·|f|/h in
 * float32. Sums in double precision.
 */
export function finiteDifference(f: Function_, inputs: readonly Tensor[], wrt: number, step = 0.02): Float64Array {
  const start = inputs[wrt]!.dataSync().slice() as Float32Array;
  const at = (index: number, value: number): number =>
    tidy(() => {
      const moved = start.slice();
      moved[index] = value;
      const values = f(...inputs.map((input, i) => (i === wrt ? tensor(moved, input.shape) : input))).dataSync();
      return Array.from(values).reduce((total, y) => total + y, 0);
    });
  return Float64Array.from(start, (x, i) => {
    const central = (h: number) => {
      const [above, below] = [Math.fround(x + h), Math.fround(x - h)];
      return (at(i, above) - at(i, below)) / (above - below);
    };
    return (4 * central(step / 2) - central(step)) / 3;
  });
}

/**
 * Checks the gradients of ⟨w, f(x)⟩ with a fixed random w (a plain sum hides errors: that of a softmax is constant), and at second order those of
 * ⟨v, ∇⟨w, f⟩⟩, against central differences. The second order's differences are taken of the first order's gradient, which is checked before.
 */
export function expectGradients(f: Function_, inputs: readonly Tensor[], options: GradientCheck = {}): void {
  const { orders = [1, 2], step = 0.02, tolerance = 2e-3 } = options;
  const wrt = options.wrt ?? inputs.flatMap((input, i) => (input.dtype === 'float32' ? [i] : []));
  const given = (chosen: readonly Tensor[]) => inputs.map((input, i) => (wrt.includes(i) ? chosen[wrt.indexOf(i)]! : input));
  const chosen = wrt.map((i) => inputs[i]!);
  const weighted = (...xs: Tensor[]) => {
    const y = f(...given(xs));
    return mul(y, sampleTensor(y.shape, 3, 0.3, 1.7));
  };
  const gradients = (...xs: Tensor[]) => gradientsOrZeros(() => sum(weighted(...xs)), xs);
  const projected = (...xs: Tensor[]) =>
    gradients(...xs)
      .map((gradient, i) => sum(mul(gradient, sampleTensor(gradient.shape, 5 + i, -1.3, 1.1))))
      .reduce((a, b) => add(a, b));
  tidy(() => {
    if (orders.includes(1)) {
      const analytic = gradients(...chosen);
      for (let i = 0; i < chosen.length; i++) expectAllClose(analytic[i]!, finiteDifference(weighted, chosen, i, step), tolerance);
    }
    if (orders.includes(2)) {
      const numeric = chosen.map((_, i) => finiteDifference(projected, chosen, i, step));
      const analytic = gradientsOrZeros(() => projected(...chosen), chosen);
      for (let i = 0; i < chosen.length; i++) expectAllClose(analytic[i]!, numeric[i]!, tolerance);
    }
  });
}

/** ∇f, zeros for inputs that f does not depend on (as a gradient that is linear). */
function gradientsOrZeros(f: () => Tensor, xs: readonly Tensor[]): Tensor[] {
  const { grads } = engine().gradients(f, [...xs], undefined, true);
  return xs.map((x, i) => grads[i] ?? zerosLike(x));
}
