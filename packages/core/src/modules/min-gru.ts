import { add, concat, expandDims, mul, reshape, sigmoid, slice, split, sub, type Tensor, tensor1d, zeros } from '@tensorflow/tfjs-core';
import { TaskloomError } from '../error';
import { initialize } from '../initializers';
import type { Module } from '../module';
import { around, unfold } from './convolution1d';
import { type DenseParams, linear } from './dense';
import { assertRows, leading, product } from './task-axis';

export interface MinGruOptions {
  /** Size of the input's last axis. */
  readonly inputs: number;
  /** Numbers kept of what was read, for each direction. */
  readonly units: number;
  /** Tokens that a gate and a candidate see, the one itself in the middle (of an even number the longer half lies ahead). Default 1. */
  readonly window?: number;
  /** The longest text, outside of training. Default 128. */
  readonly length?: number;
}

/** Reads a text from its start, and another from its end: `kernel` [window·inputs, 2·units] and `bias` [2·units], gates first. */
export type MinGruParams = { readonly forward: DenseParams; readonly backward: DenseParams };

/** What a gate starts from: σ(−1) = 0.27, so that a state lasts for some tokens. */
const gateBias = -1;

/**
 * A gated recurrence in both directions: `{ tokens [N, T, inputs], mask [N, T] }` → `[N, T, 2·units]`, what is kept once token t was read from the start of the text, then from its end.
 * hₜ = (1 − zₜ)∘hₜ₋₁ + zₜ∘(xₜ·W + c) with zₜ = σ(xₜ·V + b): gates do not depend on the state, so that all tokens are multiplied at once and what remains for each is one product and one sum
 * (minGRU: Feng et al. 2024, arXiv:2410.01201). With a `window` xₜ are the tokens around t one after another, as filters see them (quasi-recurrent networks: Bradbury et al. 2017, arXiv:1611.01576). Padding keeps the state. In training the tokens are gone through one by one; else, so that an export holds for any length up to `length`, in ⌈log₂ length⌉ rounds
 * each of which doubles how far a state reaches (Hillis & Steele 1986). Holds under a leading task axis.
 */
export function minGru({
  inputs,
  units,
  window = 1,
  length = 128,
}: MinGruOptions): Module<{ readonly tokens: Tensor; readonly mask: Tensor }, Tensor, MinGruParams> {
  const rounds = Math.ceil(Math.log2(Math.max(2, length)));
  return {
    config: { module: 'minGru', inputs, units, window, length },
    init(random) {
      const direction = (name: string): DenseParams => ({
        kernel: initialize('lecunNormal', random.fold(name), [window * inputs, 2 * units], { fanIn: window * inputs }),
        bias: tensor1d(new Float32Array(2 * units).fill(gateBias, 0, units)),
      });
      return { forward: direction('forward'), backward: direction('backward') };
    },
    apply(params, { tokens, mask }, context) {
      const tasks = leading(params.forward.kernel, 2);
      assertRows(tokens, tasks, [inputs], 'tokens of minGru');
      const rows = tokens.shape.slice(0, -2);
      const time = tokens.shape[tokens.rank - 2]!;
      if (!context.training && time > 2 ** rounds)
        throw new TaskloomError('text_too_long', 'There are more tokens than a state reaches.', {
          name: 'tokens',
          expected: `at most ${2 ** rounds} tokens`,
          got: time,
          remedy: "Raise 'length'.",
        });
      const present = expandDims(mask, -1);
      const seen = window === 1 ? tokens : unfold(mul(tokens, present), window, ...around(window));
      const read = ({ kernel, bias }: DenseParams, backward: boolean) => {
        const [gate, candidate] = split(linear(seen, kernel, bias), 2, -1) as [Tensor, Tensor];
        const z = mul(sigmoid(gate), present);
        const flat = (x: Tensor) => reshape(x, [product(rows), time, units]);
        const [kept, added] = [flat(sub(1, z)), flat(mul(z, candidate))];
        return context.training ? stepByStep(kept, added, backward) : byRounds(kept, added, backward, rounds);
      };
      const both = concat([read(params.forward, false), read(params.backward, true)], -1);
      return reshape(both, [...rows, time, 2 * units]);
    },
  };
}

/** hₜ = aₜ∘hₜ₋₁ + bₜ, [N, T, units]; from the end, hₜ = aₜ∘hₜ₊₁ + bₜ. */
function stepByStep(a: Tensor, b: Tensor, backward: boolean): Tensor {
  const time = a.shape[1]!;
  const [kept, added] = [split(a, time, 1), split(b, time, 1)];
  const states: Tensor[] = [];
  for (let step = 0; step < time; step++) {
    const t = backward ? time - 1 - step : step;
    const before = states[backward ? t + 1 : t - 1];
    states[t] = before ? add(mul(kept[t]!, before), added[t]!) : added[t]!;
  }
  return concat(states, 1);
}

/** The same: a state that reaches 2ᵏ tokens back, and one as far before it, are one that reaches 2ᵏ⁺¹. */
function byRounds(a: Tensor, b: Tensor, backward: boolean, rounds: number): Tensor {
  const [rows, time, units] = a.shape as [number, number, number];
  const earlier = (x: Tensor, steps: number) => {
    const none = zeros([rows, steps, units]);
    return backward ? slice(concat([x, none], 1), [0, steps, 0], [-1, time, -1]) : slice(concat([none, x], 1), [0, 0, 0], [-1, time, -1]);
  };
  let [kept, state] = [a, b];
  for (let round = 0; round < rounds; round++) {
    const steps = 2 ** round;
    state = add(state, mul(kept, earlier(state, steps)));
    if (round + 1 < rounds) kept = mul(kept, earlier(kept, steps));
  }
  return state;
}
