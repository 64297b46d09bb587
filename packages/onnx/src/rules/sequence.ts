import type { KernelRules } from './rule';

/** Each number is the one before plus the step, rounded to the type, as the kernels of TensorFlow.js do it. */
function steps<T extends Float32Array | Int32Array>(into: T, start: number, step: number): T {
  if (into.length > 0) into[0] = start;
  for (let i = 1; i < into.length; i++) into[i] = into[i - 1]! + step;
  return into;
}

/** Known when the step is traced. */
export const sequenceRules: KernelRules = {
  Range: (graph, _, attributes) => {
    const { start, stop, step: given, dtype } = attributes as { start: number; stop: number; step: number; dtype: 'float32' | 'int32' };
    const step = stop < start && given === 1 ? -1 : given;
    const none = start === stop || (start < stop && step < 0) || (stop < start && given > 1);
    const count = none ? 0 : Math.abs(Math.ceil((stop - start) / given));
    const values = steps(dtype === 'int32' ? new Int32Array(count) : new Float32Array(count), start, step);
    return graph.constant(values, [count], dtype);
  },
  LinSpace: (graph, _, attributes) => {
    const { start, stop, num } = attributes as { start: number; stop: number; num: number };
    return graph.constant(steps(new Float32Array(num), start, (stop - start) / (num - 1)), [num], 'float32');
  },
};
