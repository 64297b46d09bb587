import type { Params } from '@taskloom/core';
import { type Activation, type DenseParams, dense, dropout } from '@taskloom/core/modules';
import { checkOptions, count, counts, jsonOf, rate as rateRule } from '../config';
import type { Trunk } from '../trunk';
import { namedInput } from './inputs';

export interface MlpOptions {
  /** Number of input features. */
  readonly inputs: number;
  /** Widths of the layers, first to last. */
  readonly units: readonly number[];
  /** Default `relu`, after every layer. */
  readonly activation?: Activation;
  /** Rate of dropout after every layer. Default 0. */
  readonly dropout?: number;
}

const activations: readonly Activation[] = ['relu', 'gelu', 'geluTanh', 'tanh', 'sigmoid', 'elu', 'softplus'];

/** A multi-layer perceptron over given features: `{ values: float32 [N, inputs] }` → pooled `[N, last of units]`. Holds under a leading task axis. */
export function mlp(options: MlpOptions): Trunk {
  checkOptions('mlp', options, { inputs: count, units: counts }, { activation: activations, dropout: rateRule });
  const { inputs, units, activation = 'relu', dropout: rate = 0 } = options;
  const layers = units.map((width, i) => dense({ inputs: units[i - 1] ?? inputs, units: width, activation }));
  const drop = dropout({ rate });
  return {
    kind: 'mlp',
    width: units.at(-1) ?? inputs,
    tokens: false,
    config: jsonOf('mlp', options),
    init: (random): Params => Object.fromEntries(layers.map((layer, i) => [`layer${i}`, layer.init(random.fold(i))])),
    apply(params, given, context) {
      let pooled = namedInput(given, 'values', 'mlp');
      layers.forEach((layer, i) => {
        const inside = context.child(`layer${i}`);
        pooled = drop.apply({}, layer.apply(params[`layer${i}`] as DenseParams, pooled, inside), inside);
      });
      return { pooled };
    },
  };
}
