import type { TaskConfig } from './task-schema';

export type SplitName = 'train' | 'validation' | 'test';

/** Which columns hold the text(s) of a row. */
export type InputColumns =
  | { readonly kind: 'single'; readonly text?: string; readonly tokens?: string }
  | { readonly kind: 'pair'; readonly a: string; readonly b: string };

/** One file (or list of files), read once for all tasks that live in it. */
export interface SourcePlan {
  readonly name: string;
  readonly input: InputColumns;
  readonly tasks: readonly TaskConfig[];
  readonly train: readonly string[];
  /** Paths, or the fraction of the training rows that is held out. */
  readonly validation?: readonly string[] | number;
  readonly test?: readonly string[];
}

/** Groups tasks by the rows they read: same files, same text columns, one source. A tagging task joins the source of its file. */
export function planSources(tasks: readonly TaskConfig[]): SourcePlan[] {
  const groups: { key: string; tasks: TaskConfig[]; input: InputColumns }[] = [];
  // Tagging goes last, since it can read the tokens of a source that others read as text.
  for (const task of [...tasks].sort((a, b) => Number(a.head === 'tagging') - Number(b.head === 'tagging'))) {
    const key = JSON.stringify([listOf(task.data.train), task.data.validation ?? null, task.data.test ?? null]);
    const input = inputOf(task);
    const group = groups.find((g) => g.key === key && joinable(g.input, input));
    if (!group) groups.push({ key, tasks: [task], input });
    else {
      group.tasks.push(task);
      if (group.input.kind === 'single' && input.kind === 'single')
        group.input = { kind: 'single', text: group.input.text ?? input.text, tokens: group.input.tokens ?? input.tokens };
    }
  }
  const names = new Set<string>();
  return groups.map(({ tasks: members, input }): SourcePlan => {
    const { train, validation, test } = members[0]!.data;
    const paths = listOf(train);
    const name = unused(shortName(paths[0]!), names);
    return {
      name,
      input,
      tasks: members,
      train: paths,
      ...(validation === undefined ? {} : { validation: typeof validation === 'number' ? validation : listOf(validation) }),
      ...(test === undefined ? {} : { test: listOf(test) }),
    };
  });
}

function inputOf(task: TaskConfig): InputColumns {
  if (task.head === 'tagging') return { kind: 'single', tokens: task.columns.tokens };
  if (task.head === 'pairSimilarity') return { kind: 'pair', a: task.columns.a, b: task.columns.b };
  if (task.head === 'classification' && task.columns.a !== undefined && task.columns.b !== undefined)
    return { kind: 'pair', a: task.columns.a, b: task.columns.b };
  const { text, tokens } = task.columns;
  return {
    kind: 'single',
    ...(text === undefined && tokens !== undefined ? {} : { text: text ?? 'text' }),
    ...(tokens === undefined ? {} : { tokens }),
  };
}

function joinable(a: InputColumns, b: InputColumns): boolean {
  if (a.kind === 'pair' || b.kind === 'pair') return a.kind === 'pair' && b.kind === 'pair' && a.a === b.a && a.b === b.b;
  const same = (x: string | undefined, y: string | undefined) => x === undefined || y === undefined || x === y;
  return same(a.text, b.text) && same(a.tokens, b.tokens);
}

export function isPairTask(task: TaskConfig): boolean {
  return inputOf(task).kind === 'pair';
}

function listOf(paths: string | readonly string[]): readonly string[] {
  return typeof paths === 'string' ? [paths] : paths;
}

/** `../data/clinc150/train.jsonl.gz` → `clinc150/train`. */
function shortName(path: string): string {
  const parts = path.split(/[\\/]/).filter((part) => part !== '' && part !== '.' && part !== '..');
  return (
    parts
      .slice(-2)
      .join('/')
      .replace(/(\.(jsonl|ndjson|json|csv|tsv|gz))+$/i, '') || 'data'
  );
}

function unused(name: string, taken: Set<string>): string {
  let free = name;
  for (let i = 2; taken.has(free); i++) free = `${name}#${i}`;
  taken.add(free);
  return free;
}
