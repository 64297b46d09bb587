import type { LinearColumns } from '@taskloom/shared-encoder';
import { finerTask } from './finer-labels';
import type { Labels } from './labels';
import type { Encoder, ResolvedConfig } from './schema';
import { planSources } from './source-plan';

type LinearPart = Omit<Extract<Encoder, { kind: 'linear' }>, 'kind'> & { readonly name: string };

/** The trunk's linear part, whose scores the heads take as they are. */
export function linearPart({ trunk }: Pick<ResolvedConfig, 'trunk'>): LinearPart | undefined {
  if (trunk.kind !== 'joined') return undefined;
  for (const [name, part] of Object.entries(trunk.parts)) if (part.kind === 'linear') return { name, ...part };
  return undefined;
}

/** What is fitted apart, and no step of training moves. */
export function fittedApart(config: Pick<ResolvedConfig, 'trunk'>): readonly string[] {
  const part = linearPart(config);
  return part ? [`shared/${part.name}/**`, 'tasks/*/linear/**'] : [];
}

/** Says where a linear part does not fit: it is the last of several, and gives scores to tasks that classify single texts; and where a finer task is named that is none. */
export function checkLinearPart(config: ResolvedConfig, tell: (path: (string | number)[], message: string) => void): void {
  const { trunk, tasks } = config;
  const sources = planSources(tasks);
  for (const [i, task] of tasks.entries()) {
    const finer = finerTask(task);
    if (finer === undefined) continue;
    const path = ['tasks', i, 'finer'];
    if (!linearPart(config))
      tell(path, "It is the scores of a linear part that finer labels add to: give the trunk one, or leave out 'finer'.");
    else if (finer === task.name || !tasks.some(({ name }) => name === finer)) tell(path, `There is no other task '${finer}'.`);
    else if (!sources.some(({ tasks: own }) => own.includes(task) && own.some(({ name }) => name === finer)))
      tell(path, `'${finer}' labels other rows: both tasks need the same 'data' and text.`);
  }
  if (trunk.kind !== 'joined' || !linearPart(config)) return;
  const { name: part, scale } = linearPart(config)!;
  for (const name of typeof scale === 'object' ? Object.keys(scale) : [])
    if (!tasks.some((task) => task.name === name)) tell(['trunk', 'parts', part, 'scale', name], `There is no task '${name}'.`);
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
  const { scale } = linearPart(config) ?? {};
  const places = new Map<string, { readonly from: number; readonly count: number }>();
  let of = 0;
  for (const { name } of config.tasks) {
    const count = labels[name]!.length;
    places.set(name, { from: of, count });
    of += count;
  }
  return Object.fromEntries(
    config.tasks.map((task) => {
      const finer = finerTask(task);
      const factor = typeof scale === 'object' ? scale[task.name] : scale;
      const own = { from: places.get(task.name)!.from, of, ...(factor !== undefined && { scale: factor }) };
      return [task.name, { ...own, ...(finer !== undefined && { finer: places.get(finer)! }) }];
    }),
  );
}
