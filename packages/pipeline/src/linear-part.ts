import type { LinearColumns } from '@taskloom/shared-encoder';
import type { Labels } from './labels';
import type { ResolvedConfig } from './schema';

/** The trunk's linear part, whose scores the heads take as they are. */
export function linearPart({
  trunk,
}: Pick<ResolvedConfig, 'trunk'>): { readonly name: string; readonly cost: number; readonly scale: number } | undefined {
  if (trunk.kind !== 'joined') return undefined;
  for (const [name, part] of Object.entries(trunk.parts)) if (part.kind === 'linear') return { name, ...part };
  return undefined;
}

/** What is fitted apart, and no step of training moves. */
export function fittedApart(config: Pick<ResolvedConfig, 'trunk'>): readonly string[] {
  const part = linearPart(config);
  return part ? [`shared/${part.name}/**`, 'tasks/*/linear/**'] : [];
}

/** Says where a linear part does not fit: it is the last of several, and gives scores to tasks that classify single texts. */
export function checkLinearPart(config: ResolvedConfig, tell: (path: (string | number)[], message: string) => void): void {
  const { trunk, tasks } = config;
  if (trunk.kind !== 'joined' || !linearPart(config)) return;
  const parts = Object.entries(trunk.parts);
  const at = parts.findIndex(([, { kind }]) => kind === 'linear');
  if (at === 0 || at < parts.length - 1)
    tell(['trunk', 'parts', parts[at]![0]], 'A linear part stands last, after at least one other and once.');
  for (const [i, task] of tasks.entries())
    if (task.head !== 'classification' || 'a' in task.columns)
      tell(['tasks', i, 'head'], 'Beside a linear part heads classify single texts.');
  for (const name of ['taskEmbedding', 'gating'] as const)
    if (config[name]) tell([name], 'The scores of a linear part are read as they are: nothing may come between.');
}

/** Where the scores of each task stand in the linear part: one after another, a number a class. */
export function linearColumns(config: ResolvedConfig, labels: Labels): { readonly [task: string]: LinearColumns } {
  const of = config.tasks.reduce((sum, { name }) => sum + labels[name]!.length, 0);
  const { scale } = linearPart(config) ?? {};
  let from = 0;
  return Object.fromEntries(
    config.tasks.map(({ name }) => {
      const own = { from, of, ...(scale !== undefined && { scale }) };
      from += labels[name]!.length;
      return [name, own];
    }),
  );
}
