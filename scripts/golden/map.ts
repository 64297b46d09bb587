import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Cases, GoldenCase, Precision } from './golden';

/** Which module maps which cases of which file. */
export const parts: readonly { readonly file: string; readonly module: string; readonly kind?: string }[] = [
  { file: 'optimizers.json', module: 'optimizers' },
  { file: 'losses.json', module: 'losses', kind: 'value' },
  { file: 'losses.json', module: 'weightings', kind: 'weighting' },
  { file: 'aggregators.json', module: 'aggregators' },
  { file: 'maml.json', module: 'maml' },
  { file: 'metrics.json', module: 'metrics' },
];

/** The handlers of a module; none where the module is not written yet, so that all its cases are listed as unmapped. */
export async function handlersOf(module: string): Promise<{ cases: Cases; precision: Precision }> {
  const path = fileURLToPath(new URL(`./${module}.ts`, import.meta.url));
  if (!existsSync(path)) return { cases: {}, precision: 'float64' };
  const loaded = (await import(/* @vite-ignore */ path)) as { cases: Cases; precision: Precision };
  return { cases: loaded.cases, precision: loaded.precision };
}

export function handlerFor(cases: Cases, { method, variant }: GoldenCase) {
  return cases[`${method}/${variant}`] ?? cases[method];
}
