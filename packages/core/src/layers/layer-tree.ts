import { dispose, keep, type Tensor, zeros } from '@tensorflow/tfjs-core';
import type { LayersModel, layers } from '@tensorflow/tfjs-layers';
import { TaskloomError } from '../error';
import type { Scope } from './scope';

export type Layer = layers.Layer;

/** States of stateful recurrent layers by layer name: one tensor [batch, units] for a GRU or simple RNN, two (h, c) for an LSTM. */
export type States = { readonly [layer: string]: readonly Tensor[] };

/** Every layer of a model once, those inside models, wrappers and recurrent layers too. */
export function layersOf(model: LayersModel): Layer[] {
  const found = new Set<Layer>();
  const visit = (layer: Layer): void => {
    if (found.has(layer)) return;
    found.add(layer);
    const holder = layer as unknown as Record<string, unknown>;
    for (const property of ['layers', 'layer', 'forwardLayer', 'backwardLayer', 'cell', 'cells']) {
      const inner = holder[property];
      for (const part of Array.isArray(inner) ? inner : [inner]) if (isLayer(part)) visit(part);
    }
  };
  visit(model);
  return [...found];
}

/** A recurrent layer with the fields that this file stands on (tfjs-layers 4.22). */
interface Recurrent {
  readonly stateful: boolean;
  readonly cell: { readonly stateSize: number | number[] };
  readonly inputSpec: readonly { readonly shape?: (number | null)[] }[];
  states_: Tensor[] | null;
}

/** Lets stateful recurrent layers start from `states` and hand their new states over instead of keeping them. */
export function shadowStates(all: readonly Layer[], states: States, scope: Scope): () => States {
  const captured: Record<string, Tensor[]> = {};
  const stateful = all.filter((layer) => layer.stateful && 'states_' in layer);
  const unknown = Object.keys(states).find((name) => !stateful.some((layer) => layer.name === name));
  if (unknown !== undefined)
    throw new TaskloomError('unknown_layer', `'${unknown}' is not a stateful layer of the model.`, {
      name: unknown,
      expected: stateful.map((layer) => layer.name),
    });
  for (const layer of stateful) {
    const recurrent = layer as unknown as Recurrent;
    const start = states[layer.name] ?? recurrent.states_ ?? zeroStates(recurrent);
    scope.shadow(layer, 'states_', [...start]);
    scope.shadow(layer, 'resetStates', (next: Tensor[]) => {
      const own = next.map((state) => keep(state.clone()));
      scope.atEnd(() => dispose(own));
      captured[layer.name] = own;
      recurrent.states_ = own; // what a second call in the same pass starts from
    });
  }
  return () => Object.fromEntries(Object.entries(captured).map(([name, tensors]) => [name, tensors.map((tensor) => tensor.clone())]));
}

function zeroStates(layer: Recurrent): Tensor[] {
  const batch = layer.inputSpec[0]?.shape?.[0];
  if (batch === undefined || batch === null)
    throw new TaskloomError('shape_mismatch', 'A stateful layer needs to know its batch size.', {
      remedy: 'Give the model a batchInputShape.',
    });
  const sizes = Array.isArray(layer.cell.stateSize) ? layer.cell.stateSize : [layer.cell.stateSize];
  return sizes.map((size) => zeros([batch, size]));
}

function isLayer(value: unknown): value is Layer {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Layer).getClassName === 'function' &&
    typeof (value as Layer).call === 'function'
  );
}
