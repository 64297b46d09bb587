import { add, cast, dispose, greaterEqual, mul, type Scalar, sub, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { TaskloomError } from '../error';
import { drop } from '../modules/dropout';
import type { Random } from '../random';
import { layerLosses, layerRandom } from './as-layer';
import type { Layer } from './layer-tree';
import type { Scope } from './scope';

/** What a noise layer does to its input in training. */
type Noise = (x: Tensor, random: Random) => Tensor;

/**
 * Lets the layers that draw random numbers (Dropout, SpatialDropout1D, GaussianNoise, GaussianDropout, AlphaDropout, the masks inside recurrent
 * cells, layers made by `asLayer`) draw from `random`, since those of TensorFlow.js differ from call to call and would freeze in a trace.
 */
export function shadowNoise(all: readonly Layer[], training: boolean, random: Random | undefined, scope: Scope): void {
  for (const layer of all) {
    let call = 0;
    const stream = (): Random => {
      if (!random)
        throw new TaskloomError('random_missing', `'${layer.name}' needs random numbers, and this pass has none.`, {
          name: layer.name,
          remedy: 'Pass { random }.',
        });
      return random.fold(layer.name).fold(call++);
    };
    if (layerRandom in layer) scope.shadow(layer, layerRandom, stream);
    if (layerLosses in layer) shadowLosses(layer, scope);
    if ('dropoutMask' in layer) shadowCell(layer, stream, scope);
    const noise = training ? noiseOf(layer) : undefined;
    if (noise)
      scope.shadow(layer, 'call', (inputs: Tensor | Tensor[]) => tidy(() => noise(Array.isArray(inputs) ? inputs[0]! : inputs, stream())));
  }
}

/** Losses of this pass go to this pass. */
function shadowLosses(layer: Layer, scope: Scope): void {
  const losses: Scalar[] = [];
  scope.shadow(layer, layerLosses, losses);
  scope.atEnd(() => dispose(losses));
}

/** A recurrent cell makes its masks in the first step of a sequence and keeps them; here they live as long as the pass. */
function shadowCell(cell: Layer, stream: () => Random, scope: Scope): void {
  const holder = cell as unknown as Record<string, Tensor | Tensor[] | null>;
  scope.shadow(cell, 'dropoutFunc', (ones: Tensor, rate: number) => drop(ones, rate, stream()));
  for (const property of ['dropoutMask', 'recurrentDropoutMask']) {
    scope.shadow(cell, property, null);
    scope.atEnd(() => {
      const mask = holder[property];
      if (mask) dispose(mask);
    });
  }
}

function noiseOf(layer: Layer): Noise | undefined {
  const { rate = 0, stddev = 0, noiseShape } = layer as unknown as { rate?: number; stddev?: number; noiseShape?: (number | null)[] };
  const active = rate > 0 && rate < 1;
  switch (layer.getClassName()) {
    case 'Dropout':
      return active
        ? (x, random) =>
            drop(
              x,
              rate,
              random,
              noiseShape?.map((size, axis) => size ?? x.shape[axis]!),
            )
        : undefined;
    case 'SpatialDropout1D':
      return active ? (x, random) => drop(x, rate, random, [x.shape[0]!, 1, x.shape[2]!]) : undefined;
    case 'GaussianNoise':
      return (x, random) => add(x, mul(random.normal(x.shape), stddev));
    case 'GaussianDropout':
      return active ? (x, random) => mul(x, add(mul(random.normal(x.shape), Math.sqrt(rate / (1 - rate))), 1)) : undefined;
    case 'AlphaDropout':
      return active
        ? (x, random) =>
            alphaDropout(
              x,
              rate,
              random,
              noiseShape?.map((size, axis) => size ?? x.shape[axis]!),
            )
        : undefined;
    default:
      return undefined;
  }
}

/** Dropped elements become −λα, then an affine map restores mean 0 and variance 1. Klambauer et al. 2017, arXiv 1706.02515. */
function alphaDropout(x: Tensor, rate: number, random: Random, shape: readonly number[] = x.shape): Tensor {
  const low = -1.6732632423543772 * 1.0507009873554805;
  const a = 1 / Math.sqrt((1 - rate) * (1 + rate * low ** 2));
  const kept = cast(greaterEqual(random.uniform(shape), rate), 'float32');
  return add(mul(add(mul(x, kept), mul(sub(1, kept), low)), a), -a * low * rate);
}
