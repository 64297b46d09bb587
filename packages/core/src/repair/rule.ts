import {
  broadcast_util,
  clone,
  customGrad,
  engine,
  fill,
  type getGradient,
  type NamedAttrMap,
  reshape,
  sum,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { sumLeading } from './backend-forms';

/**
 * How to differentiate one kernel. `gradient` must be made of differentiable ops of `saved` inputs, never of saved outputs while a gradient is
 * being recorded: a saved output is cut off from the tape, and whatever flows through it is lost at second order.
 */
export interface Rule {
  /** Inputs that `gradient` receives, by name; `'all'` for kernels that take a list. */
  readonly inputs: readonly string[] | 'all';
  /** How many outputs follow the inputs in `saved`. */
  readonly outputs?: readonly boolean[];
  /** One function per input; only those that the differentiation needs are called. `dy` is a list where the kernel has several outputs. */
  gradient(
    dy: Tensor,
    saved: readonly Tensor[],
    attributes: Attributes,
  ): { readonly [input: string]: () => Tensor } | readonly (() => Tensor)[];
}

export type Rules = { readonly [kernel: string]: Rule };

/** A kernel's attributes, seen through the names that the rules read. */
export type Attributes = NamedAttrMap & { readonly [name: string]: unknown };

/** Whether the ops that run now will be differentiated themselves: an enclosing gradient is open. Core's one look into the engine of TensorFlow.js; `onnx` checks that it is there. */
export function recording(): boolean {
  return engine().state.gradientDepth > 0;
}

/** The saved output where nobody differentiates further, the same computed again from the inputs otherwise. */
export function outputOr(saved: Tensor | undefined, again: () => Tensor): Tensor {
  return saved === undefined || recording() ? again() : saved;
}

/** What `compute` returns, as a constant: nothing inside is recorded, so that masks cost nothing at second order. */
export function constant<T extends Tensor>(compute: () => T): T {
  if (!recording()) return compute();
  return customGrad(() => ({ value: compute(), gradFunc: () => [] }))() as T;
}

/** float32 zeros as a kernel's result, which a trace can keep as one number. */
export function zerosOf(tensor: Tensor): Tensor {
  return fill(tensor.shape, 0, 'float32');
}

/** The transpose of broadcasting: `gradient` summed over the axes along which a tensor of `shape` was repeated. */
export function sumTo(gradient: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(gradient.shape, shape)) return gradient;
  const axes = broadcast_util.getReductionAxes([...shape], gradient.shape);
  const leading = axes.every((axis, i) => axis === i);
  return reshape(leading ? sumLeading(gradient, axes.length) : sum(gradient, axes), [...shape]);
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** tfjs disposes a gradient once it has been added to another, so no rule may hand its `dy` on as it is. */
export function toConfig(kernelName: string, rule: Rule): ReturnType<typeof getGradient> {
  return {
    kernelName,
    ...(rule.inputs === 'all' ? { saveAllInputs: true } : { inputsToSave: [...rule.inputs] }),
    outputsToSave: [...(rule.outputs ?? [])],
    gradFunc: (dy, saved, attributes) => {
      const given = dy as Tensor;
      const wrapped = Object.entries(rule.gradient(given, saved, attributes as Attributes)).map(([name, compute]) => [
        name,
        () => {
          const gradient = compute();
          return gradient === given || (Array.isArray(given) && given.includes(gradient)) || saved.includes(gradient)
            ? clone(gradient)
            : gradient;
        },
      ]);
      return Object.fromEntries(wrapped);
    },
  };
}
