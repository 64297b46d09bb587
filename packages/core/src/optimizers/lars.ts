import { add, mul, sign } from '@tensorflow/tfjs-core';
import { matcher } from '../params';
import { chain } from './chain';
import { norm, ratioOrOne } from './norms';
import { nonNegative, positive } from './options';
import { type DecayOptions, scaleByLearningRate } from './scale';
import { trace } from './sgd';
import { leafwise, type Optimizer } from './transformation';

export interface LarsOptions extends DecayOptions {
  /** Default 0.9. */
  readonly momentum?: number;
  /** Default false. */
  readonly nesterov?: boolean;
  /** η. Default 0.001. */
  readonly trustCoefficient?: number;
  /** Added to the denominator of the ratio. Default 0. */
  readonly epsilon?: number;
}

/**
 * LARS: local = η‖x‖ / (‖g‖ + λ‖x‖ + ε) per parameter, v ← m·v + α·local·(g + λx), x ← x − v. `weightDecay` λ default 0. Parameters that
 * `decayMask` leaves out have λ = 0. Where ‖x‖ or ‖g‖ is zero, local is 1. You, Gitman & Ginsburg 2017, arXiv:1708.03888.
 */
export function lars({
  momentum = 0.9,
  nesterov,
  trustCoefficient = 0.001,
  weightDecay = 0,
  decayMask = '**',
  epsilon = 0,
}: LarsOptions = {}): Optimizer {
  positive('trustCoefficient', trustCoefficient);
  nonNegative('weightDecay', weightDecay);
  nonNegative('epsilon', epsilon);
  const decays = matcher(decayMask);
  const scaleByLocalRate = leafwise({
    init: {},
    update: (g, _, { parameter, path }) => {
      const lambda = decays(path) ? weightDecay : 0;
      const size = norm(parameter);
      const length = norm(g);
      const whole = add(add(length, mul(size, lambda)), epsilon);
      // Zero whenever one of them is, so that the ratio falls back to 1.
      const local = ratioOrOne(mul(size, trustCoefficient), mul(whole, sign(length)));
      return { update: mul(add(g, mul(parameter, lambda)), local) };
    },
  });
  return chain(scaleByLocalRate, scaleByLearningRate(), trace({ momentum, nesterov }));
}
