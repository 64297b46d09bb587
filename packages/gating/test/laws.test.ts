import { random } from '@taskloom/core';
import { dense } from '@taskloom/core/modules';
import { moduleLaws } from '../../core/test/modules/laws';
import { mixtureOfExperts, mmoe, sigmoidGate, sigmoidRouter, softGate, softmaxRouter, topKRouter } from '../src';

const normal = (shape: number[]) => (seed: number) => random('input').fold(seed).normal(shape);
const experts = {
  first: dense({ inputs: 4, units: 3, activation: 'tanh' }),
  second: dense({ inputs: 4, units: 3, activation: 'tanh' }),
  third: dense({ inputs: 4, units: 3 }),
};

moduleLaws('softGate', { module: softGate({ inputs: 4, experts }), input: normal([5, 4]), step: 5e-3 });
moduleLaws('softGate over time', { module: softGate({ inputs: 4, experts }), input: normal([2, 3, 4]), step: 5e-3 });
moduleLaws('sigmoidGate', { module: sigmoidGate({ inputs: 4, experts }), input: normal([5, 4]), step: 5e-3 });
moduleLaws('a sharp softmax router', {
  module: mixtureOfExperts({ router: softmaxRouter({ inputs: 4, experts: 3, bias: false, temperature: 0.5 }), experts }),
  input: normal([5, 4]),
  step: 5e-3,
});
moduleLaws('a sigmoid router without bias', {
  module: mixtureOfExperts({ router: sigmoidRouter({ inputs: 4, experts: 3, bias: false }), experts }),
  input: normal([5, 4]),
  step: 5e-3,
});
for (const [k, over] of [
  [1, 'all'],
  [2, 'chosen'],
] as const) {
  moduleLaws(`the best ${k}, softmax over ${over}`, {
    module: mixtureOfExperts({ router: topKRouter({ inputs: 4, experts: 3, k, over }), experts }),
    input: normal([4, 4]),
    step: 2e-3,
  });
}
const shared = mmoe({ inputs: 4, experts, tasks: ['topic', 'urgency'] });
for (const task of ['topic', 'urgency']) {
  moduleLaws(`mmoe, ${task}`, {
    module: { ...shared, apply: (params, x, context) => shared.apply(params, x, context)[task]! },
    input: normal([5, 4]),
    step: 5e-3,
  });
}
