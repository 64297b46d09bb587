import {
  backend_util,
  broadcastTo,
  cast,
  cumsum,
  div,
  equal,
  expandDims,
  eye,
  max,
  min,
  mul,
  prod,
  reshape,
  scalar,
  softmax,
  sub,
  sum,
  type Tensor,
  transpose,
  util,
  where,
} from '@tensorflow/tfjs-core';
import { spread } from './backend-forms';
import { type Attributes, constant, outputOr, type Rule, type Rules } from './rule';

const axesOf = (attributes: Attributes, x: Tensor) =>
  util.parseAxisParam((attributes.axis ?? attributes.reductionIndices) as number | number[], x.shape);

/** A reduced tensor with its lost axes back as ones. */
function keepingDims(reduced: Tensor, x: Tensor, axes: readonly number[]): Tensor {
  return reshape(
    reduced,
    backend_util.expandShapeToKeepDim(
      x.shape.filter((_, axis) => !axes.includes(axis)),
      [...axes],
    ),
  );
}

/** Of several equal extremes each gets the same share. */
function extreme(reduce: (x: Tensor, axes: number[]) => Tensor): Rule {
  return {
    inputs: ['x'],
    outputs: [true],
    gradient: (dy, [x, y], attributes) => ({
      x: () => {
        const axes = axesOf(attributes, x!);
        const share = constant(() => {
          const hits = cast(
            equal(
              x!,
              keepingDims(
                outputOr(y, () => reduce(x!, axes)),
                x!,
                axes,
              ),
            ),
            'float32',
          );
          return div(hits, sum(hits, axes, true));
        });
        return mul(share, keepingDims(dy, x!, axes));
      },
    }),
  };
}

/** Π over j ≠ i of x_j for each i of the last axis: right also where several x are 0, at every order; n² numbers for n factors. */
function productOfOthers(x: Tensor): Tensor {
  const size = x.shape[x.rank - 1]!;
  const self = cast(eye(size), 'bool');
  const matrix = broadcastTo(expandDims(x, -2), [...x.shape.slice(0, -1), size, size]);
  return prod(where(self, scalar(1), matrix), -1);
}

export const reductionRules: Rules = {
  Cumsum: {
    inputs: ['x'],
    gradient: (dy, _, { axis, exclusive, reverse }) => ({ x: () => cumsum(dy, axis as number, exclusive as boolean, !reverse) }),
  },
  Max: extreme((x, axes) => max(x, axes)),
  Mean: {
    inputs: ['x'],
    gradient: (dy, [x], attributes) => ({
      x: () => {
        const axes = axesOf(attributes, x!);
        const count = axes.reduce((product, axis) => product * x!.shape[axis]!, 1);
        return spread(keepingDims(mul(dy, 1 / count), x!, axes), x!.shape);
      },
    }),
  },
  Min: extreme((x, axes) => min(x, axes)),
  Prod: {
    inputs: ['x'],
    gradient: (dy, [x], attributes) => ({
      x: () => {
        const axes = axesOf(attributes, x!);
        const outer = x!.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
        const order = [...outer, ...axes];
        const flat = reshape(transpose(x!, order), [...outer.map((axis) => x!.shape[axis]!), -1]);
        const others = transpose(
          reshape(
            productOfOthers(flat),
            order.map((axis) => x!.shape[axis]!),
          ),
          backend_util.getUndoAxesPermutation(order),
        );
        return mul(others, keepingDims(dy, x!, axes));
      },
    }),
  },
  Softmax: {
    inputs: ['logits'],
    outputs: [true],
    gradient: (dy, [logits, y], { dim }) => ({
      logits: () => {
        const p = outputOr(y, () => softmax(logits!, dim as number));
        const weighted = mul(dy, p);
        return sub(weighted, mul(sum(weighted, dim as number, true), p));
      },
    }),
  },
  LogSoftmax: {
    inputs: ['logits'],
    gradient: (dy, [logits]) => ({ logits: () => sub(dy, mul(sum(dy, -1, true), softmax(logits!))) }),
  },
  Sum: {
    inputs: ['x'],
    gradient: (dy, [x], attributes) => ({ x: () => spread(keepingDims(dy, x!, axesOf(attributes, x!)), x!.shape) }),
  },
};
