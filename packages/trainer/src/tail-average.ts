import { type Branch, flatten, type Host, type HostArray, type MultiTaskParams, type Params, select, unflatten } from '@taskloom/core';
import type { Plan } from './plan';
import type { StepState } from './step';

/** The mean of the trained parameters over the end of a training, on the host. Of it, everything outside the step knows as if it were a moving average. */
export interface TailAverage {
  /** Whether the parameters after this many steps count. */
  takes(step: number): boolean;
  /** Takes the parameters after `step` steps into the mean. */
  add(step: number, state: Host<StepState>): void;
  /** The state with the mean; as it is before there is one. */
  within(state: Host<StepState>): Host<StepState>;
  /** Path, type and shape of what `within` adds after `step` steps. */
  forms(step: number): ReadonlyMap<string, Pick<HostArray, 'dtype' | 'shape'>>;
  /** Goes on from a saved state, whose leaves have been found to be right. */
  load(leaves: ReadonlyMap<string, HostArray>): void;
}

/** xₙ ← xₙ₋₁ + (θ − xₙ₋₁)/n in double precision, stored in single as checkpoints hold it, so that a resumed run ends with the same bits. */
export function tailAverage({ average, wrt }: Pick<Plan, 'average' | 'wrt'>, start: MultiTaskParams): TailAverage | undefined {
  if (!average) return undefined;
  const { from, every } = average;
  const shapes = new Map(
    [...flatten(select(start, wrt))].map(([path, { shape }]) => [path, { dtype: 'float32' as const, shape: [...shape] }]),
  );
  const countAt = (step: number) => Math.max(0, Math.floor((step - from) / every));
  let mean: ReadonlyMap<string, HostArray> | undefined;
  return {
    takes: (step) => step > from && (step - from) % every === 0,
    add(step, { params }) {
      const n = countAt(step);
      const now = flatten(params as unknown as Branch<HostArray>);
      mean = new Map(
        [...shapes].map(([path, form]) => [path, { ...form, data: moved(mean?.get(path)?.data, now.get(path)!.data, n) } as HostArray]),
      );
    },
    within: (state) => (mean ? { ...state, ema: unflatten(mean as never) as unknown as Host<Params> } : state),
    forms: (step) => new Map(countAt(step) === 0 ? [] : [...shapes].map(([path, form]) => [`ema/${path}`, form])),
    load(leaves) {
      const found = [...shapes.keys()].flatMap((path) => (leaves.has(`ema/${path}`) ? [[path, leaves.get(`ema/${path}`)!] as const] : []));
      mean = found.length > 0 ? new Map(found) : undefined;
    },
  };
}

function moved(mean: ArrayLike<number> | undefined, now: ArrayLike<number>, n: number): Float32Array {
  const next = Float32Array.from(now);
  if (mean) for (let i = 0; i < next.length; i++) next[i] = mean[i]! + (next[i]! - mean[i]!) / n;
  return next;
}
