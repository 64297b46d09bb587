import { tidy } from '@tensorflow/tfjs-core';
import type { Params } from '../params';
import type { Optimizer, StepInfo } from './transformation';

/**
 * Pieces one after another: the updates of each are the gradients of the next. The state is that of the only piece that keeps one; where
 * several do, it is `{ [position]: state }`, positions counted from 0 over all pieces.
 */
export function chain(...pieces: readonly Optimizer[]): Optimizer {
  const keepers = pieces.flatMap((piece, position) => (piece.stateless ? [] : [position]));
  const only = keepers.length === 1;
  return {
    stateless: keepers.length === 0,
    init: (params) =>
      only
        ? pieces[keepers[0]!]!.init(params)
        : Object.fromEntries(keepers.map((position) => [String(position), pieces[position]!.init(params)])),
    update: <P extends Params>(gradients: P, state: Params, params: P, info: StepInfo) =>
      tidy(() => {
        let updates = gradients;
        const next: Record<string, Params> = {};
        for (const [position, piece] of pieces.entries()) {
          const own = piece.stateless ? {} : only ? state : ((state[String(position)] ?? {}) as Params);
          const result = piece.update(updates, own, params, info);
          updates = result.updates;
          if (!piece.stateless) next[String(position)] = result.state;
        }
        return { updates, state: only ? next[String(keepers[0])]! : (next as Params) };
      }),
  };
}
