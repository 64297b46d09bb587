import { type Params, type TableReads, TaskloomError, tablesWithin } from '@taskloom/core';
import { concat } from '@tensorflow/tfjs-core';
import { jsonOf } from '../config';
import type { Trunk } from '../trunk';

export interface JoinedOptions {
  /** Trunks by name; the names are those of their branches among the parameters. */
  readonly parts: { readonly [name: string]: Trunk };
}

/**
 * Trunks side by side over the same inputs, each of which reads those that it knows: pooled `[N, Σ widths]`, what they return one after another. A bag of
 * n-grams beside filters over words, for example: wide and deep (Cheng et al. 2016, arXiv:1606.07792). With `classification({ members })` each part is a model of its
 * own and their mean decides. It returns no tokens. Holds under a leading task axis. Throws `bad_option` for a part that sees the task.
 */
export function joined(options: JoinedOptions): Trunk {
  const parts = Object.entries(options.parts ?? {});
  if (parts.length === 0)
    throw new TaskloomError('bad_option', "A trunk of kind 'joined' needs parts.", { name: 'parts', expected: '{ name: trunk }' });
  const staged = parts.find(([, part]) => part.stages);
  if (staged)
    throw new TaskloomError('bad_option', `The part '${staged[0]}' sees the task of a row.`, {
      name: `parts.${staged[0]}`,
      remedy: 'Join the trunks first, then condition what comes out on the task.',
    });
  return {
    kind: 'joined',
    width: parts.reduce((sum, [, { width }]) => sum + width, 0),
    tokens: false,
    config: jsonOf('joined', { parts: Object.fromEntries(parts.map(([name, { config }]) => [name, config])) }),
    tables: Object.assign({}, ...parts.map(([name, { tables }]) => tablesWithin(name, tables ?? {}))) as TableReads,
    init: (random): Params => Object.fromEntries(parts.map(([name, part]) => [name, part.init(random.fold(name))])),
    apply(params, inputs, context) {
      const encoded = parts.map(([name, part]) => part.apply(params[name] as Params, inputs, context.child(name)).pooled);
      return { pooled: concat(encoded, -1) };
    },
  };
}
