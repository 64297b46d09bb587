import type { Context, Module, Params, Random } from '@taskloom/core';
import { dense, dropout } from '@taskloom/core/modules';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkOptions, count, type Rule, rate as rateRule } from '../config';

/** What every head may be told about its scoring network. */
export interface ScorerOptions {
  /** Width of the trunk's encoding. */
  readonly inputs: number;
  /** Width of one hidden layer with ReLU. Default: none, the scores are linear in the encoding. */
  readonly hidden?: number;
  /** Rate of dropout before the last layer. Default 0. */
  readonly dropout?: number;
}

/** Checks the options of a head: its own rules, and those of the scoring network. */
export function checkHead(
  kind: string,
  options: object,
  required: Readonly<Record<string, Rule>>,
  optional: Readonly<Record<string, Rule>>,
): void {
  checkOptions(kind, options, { inputs: count, ...required }, { hidden: count, dropout: rateRule, ...optional });
}

/**
 * Scores `[…, inputs]` → `[…, outputs]`: dense(ReLU) if `hidden`, dropout, dense. Parameters `{ hidden?: { kernel, bias }, output: { kernel, bias? } }`.
 * Holds under a leading task axis.
 */
export function scorer({ inputs, hidden, dropout: rate = 0 }: ScorerOptions, outputs: number, bias = true): Module<Tensor, Tensor> {
  const first = hidden === undefined ? undefined : dense({ inputs, units: hidden, activation: 'relu' });
  const drop = dropout({ rate });
  const last = dense({ inputs: hidden ?? inputs, units: outputs, bias });
  return {
    config: { module: 'scorer', inputs, outputs, hidden, dropout: rate, bias },
    init: (random: Random): Params => ({
      ...(first ? { hidden: first.init(random.fold('hidden')) } : {}),
      output: last.init(random.fold('output')),
    }),
    apply(params: Params, x: Tensor, context: Context): Tensor {
      const h = first ? first.apply(params.hidden as Parameters<typeof first.apply>[0], x, context.child('hidden')) : x;
      return last.apply(
        params.output as Parameters<typeof last.apply>[0],
        drop.apply({}, h, context.child('dropout')),
        context.child('output'),
      );
    },
  };
}
