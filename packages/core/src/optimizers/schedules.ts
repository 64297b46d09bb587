import { TaskloomError } from '../error';
import { nonNegative, positive, whole } from './options';

/** The learning rate of a step, counted from 0: a function of the host, whose result enters the step as a tensor. */
export type Schedule = (step: number) => number;

/** The same rate at every step. */
export function constant(rate: number): Schedule {
  nonNegative('rate', rate);
  return () => rate;
}

/** From `from` to `to` in `steps` steps along a line, then `to`. */
export function linear({ from, to = 0, steps }: { readonly from: number; readonly to?: number; readonly steps: number }): Schedule {
  return polynomial({ from, to, steps, power: 1 });
}

/** to + (from − to)(1 − step/steps)^power, then `to`. Default power 2. */
export function polynomial({
  from,
  to = 0,
  steps,
  power = 2,
}: {
  readonly from: number;
  readonly to?: number;
  readonly steps: number;
  readonly power?: number;
}): Schedule {
  nonNegative('from', from);
  nonNegative('to', to);
  whole('steps', steps);
  positive('power', power);
  return (step) => to + (from - to) * (1 - Math.min(step, steps) / steps) ** power;
}

export interface CosineOptions {
  readonly from: number;
  /** Default 0. */
  readonly to?: number;
  /** Length of the (first) half wave. */
  readonly steps: number;
  /** What comes after: `hold` stays at `to`; `continue` follows the wave up again; `restart` jumps to `from` (Loshchilov & Hutter 2017, SGDR). Default `hold`. */
  readonly end?: 'hold' | 'continue' | 'restart';
  /** Each wave is so many times longer than the one before, for `restart`. Default 1. */
  readonly lengthen?: number;
}

/** to + (from − to)(1 + cos(π step/steps))/2. Loshchilov & Hutter 2017, arXiv:1608.03983. */
export function cosine({ from, to = 0, steps, end = 'hold', lengthen = 1 }: CosineOptions): Schedule {
  nonNegative('from', from);
  nonNegative('to', to);
  whole('steps', steps);
  whole('lengthen', lengthen);
  const wave = (position: number, length: number) => to + ((from - to) * (1 + Math.cos((Math.PI * position) / length))) / 2;
  return (step) => {
    if (end === 'continue' || step < steps) return wave(step, steps);
    if (end === 'hold') return to;
    if (lengthen === 1) return wave(step % steps, steps);
    let start = 0;
    let length = steps;
    while (step >= start + length) {
      start += length;
      length *= lengthen;
    }
    return wave(step - start, length);
  };
}

/** from · factor^(step/every), smooth. Default every 1. */
export function exponential({
  from,
  factor,
  every = 1,
}: {
  readonly from: number;
  readonly factor: number;
  readonly every?: number;
}): Schedule {
  nonNegative('from', from);
  positive('factor', factor);
  positive('every', every);
  return (step) => from * factor ** (step / every);
}

/** from · factor^⌊step/every⌋, or one factor at each step named in `at`. */
export function stepwise({
  from,
  factor,
  every,
  at,
}: {
  readonly from: number;
  readonly factor: number;
  readonly every?: number;
  readonly at?: readonly number[];
}): Schedule {
  nonNegative('from', from);
  positive('factor', factor);
  if ((every === undefined) === (at === undefined))
    throw new TaskloomError('bad_option', "A stepwise schedule takes either 'every' or 'at'.", { name: 'every' });
  if (every !== undefined) whole('every', every);
  for (const step of at ?? []) whole('at', step, 0);
  return (step) => from * factor ** (every === undefined ? at!.filter((edge) => step >= edge).length : Math.floor(step / every));
}

/** peak · √(steps / max(step, steps)): flat for `steps` steps, then falling with the root (put `warmup(…)` around it for the rise of Vaswani et al. 2017). */
export function inverseSquareRoot({ peak, steps }: { readonly peak: number; readonly steps: number }): Schedule {
  nonNegative('peak', peak);
  whole('steps', steps);
  return (step) => peak * Math.sqrt(steps / Math.max(step, steps));
}

/** A line from `from` (default 0) to `schedule(0)` in `steps` steps, then `schedule(step − steps)`. */
export function warmup(schedule: Schedule, { steps, from = 0 }: { readonly steps: number; readonly from?: number }): Schedule {
  whole('steps', steps, 0);
  nonNegative('from', from);
  return (step) => (step < steps ? from + ((schedule(0) - from) * step) / steps : schedule(step - steps));
}

export interface OneCycleOptions {
  readonly peak: number;
  /** All steps together. */
  readonly steps: number;
  /** Part of them spent rising. Default 0.3. */
  readonly rise?: number;
  /** It starts at peak / startDivisor. Default 25. */
  readonly startDivisor?: number;
  /** It ends at start / endDivisor. Default 1e4. */
  readonly endDivisor?: number;
}

/** One rise and one fall, both half cosines. Smith & Topin 2018, arXiv:1708.07120; conventions of PyTorch. */
export function oneCycle({ peak, steps, rise = 0.3, startDivisor = 25, endDivisor = 1e4 }: OneCycleOptions): Schedule {
  positive('peak', peak);
  whole('steps', steps, 2);
  positive('rise', rise);
  positive('startDivisor', startDivisor);
  positive('endDivisor', endDivisor);
  if (rise >= 1)
    throw new TaskloomError('bad_option', "'rise' is out of range.", { name: 'rise', got: rise, expected: 'a number in (0, 1)' });
  const start = peak / startDivisor;
  const end = start / endDivisor;
  const top = rise * steps - 1;
  const last = steps - 1;
  const between = (a: number, b: number, part: number) => b + ((a - b) * (1 + Math.cos(Math.PI * part))) / 2;
  return (step) => (step < top ? between(start, peak, step / top) : between(peak, end, Math.min(1, (step - top) / (last - top))));
}
