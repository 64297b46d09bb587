import {
  add,
  cast,
  div,
  equal,
  floor,
  greater,
  greaterEqual,
  less,
  lessEqual,
  log,
  mul,
  neg,
  pow,
  type Scalar,
  scalar,
  square,
  step,
  sub,
  type Tensor,
  where,
} from '@tensorflow/tfjs-core';
import { constant, type Rule, type Rules, sumTo } from './rule';

/** Each side's gradient before it is summed to the side's shape. */
function broadcasting(a: (dy: Tensor, a: Tensor, b: Tensor) => Tensor, b: (dy: Tensor, a: Tensor, b: Tensor) => Tensor): Rule {
  return {
    inputs: ['a', 'b'],
    gradient: (dy, [x, y]) => ({ a: () => sumTo(a(dy, x!, y!), x!.shape), b: () => sumTo(b(dy, x!, y!), y!.shape) }),
  };
}

const float = (x: Tensor) => (x.dtype === 'float32' ? x : cast(x, 'float32'));
const masked = (dy: Tensor, mask: () => Tensor) =>
  mul(
    dy,
    constant(() => cast(mask(), 'float32')),
  );
/** `x` where `condition` does not hold, the number `other` where it does; constant conditions only. */
const except = (x: Tensor, other: number, condition: () => Tensor) => where(constant(condition), scalar(other) as Scalar, x);

export const binaryRules: Rules = {
  Add: broadcasting(
    (dy) => dy,
    (dy) => dy,
  ),
  AddN: { inputs: 'all', gradient: (dy, saved) => saved.map(() => () => dy) },
  Atan2: broadcasting(
    (dy, a, b) => div(mul(dy, b), add(square(a), square(b))),
    (dy, a, b) => neg(div(mul(dy, a), add(square(a), square(b)))),
  ),
  // Of equal values the first one is the maximum.
  Maximum: broadcasting(
    (dy, a, b) => masked(dy, () => greaterEqual(a, b)),
    (dy, a, b) => masked(dy, () => less(a, b)),
  ),
  Minimum: broadcasting(
    (dy, a, b) => masked(dy, () => lessEqual(a, b)),
    (dy, a, b) => masked(dy, () => greater(a, b)),
  ),
  Mod: broadcasting(
    (dy) => dy,
    (dy, a, b) => neg(masked(dy, () => floor(div(a, b)))),
  ),
  Multiply: broadcasting(
    (dy, _, b) => mul(dy, float(b)),
    (dy, a) => mul(dy, float(a)),
  ),
  // aᵇ: b·aᵇ⁻¹ without 0·∞ at b = 0, and aᵇ·ln a with ln a := 0 for a ≤ 0.
  Pow: broadcasting(
    (dy, a, b) => {
      const exponent = float(b);
      return mul(
        dy,
        mul(
          exponent,
          pow(
            float(a),
            sub(
              except(exponent, 1, () => equal(exponent, 0)),
              1,
            ),
          ),
        ),
      );
    },
    (dy, a, b) => {
      const base = float(a);
      return mul(dy, mul(pow(base, float(b)), log(except(base, 1, () => lessEqual(base, 0)))));
    },
  ),
  Prelu: {
    inputs: ['x', 'alpha'],
    gradient: (dy, [x, alpha]) => ({
      x: () => {
        const positive = constant(() => step(x!));
        return sumTo(mul(dy, add(positive, mul(sub(1, positive), alpha!))), x!.shape);
      },
      alpha: () =>
        sumTo(
          mul(
            mul(dy, x!),
            constant(() => sub(1, step(x!))),
          ),
          alpha!.shape,
        ),
    }),
  },
  RealDiv: broadcasting(
    (dy, _, b) => div(dy, float(b)),
    (dy, a, b) => neg(div(mul(dy, float(a)), square(float(b)))),
  ),
  SquaredDifference: broadcasting(
    (dy, a, b) => mul(dy, mul(sub(a, b), 2)),
    (dy, a, b) => mul(dy, mul(sub(b, a), 2)),
  ),
  Sub: broadcasting(
    (dy) => dy,
    (dy) => neg(dy),
  ),
};
