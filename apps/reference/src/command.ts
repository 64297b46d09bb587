import { stripVTControlCharacters } from 'node:util';
import { type ArgsDef, type CommandDef, defineCommand, type ParsedArgs, renderUsage } from 'citty';
import { commandName } from './command-name';
import { exitCodeHelp, usageError } from './exit-codes';
import { colours, terminalColumns } from './terminal/table';
import { wrap } from './terminal/wrap';

/** A command, with examples for its help. */
export interface Command {
  readonly definition: CommandDef<ArgsDef>;
  readonly examples: readonly string[];
  readonly notes?: string;
}

/** Defines a command; `run` gives the exit code, 0 where it gives nothing. */
export function command<const T extends ArgsDef>(
  name: string,
  description: string,
  options: {
    readonly args: T;
    readonly examples: readonly string[];
    readonly notes?: string;
    readonly run: (args: ParsedArgs<T>) => Promise<number | undefined>;
  },
): Command {
  const definition = defineCommand({
    meta: { name: `taskloom ${name}`, description },
    args: options.args,
    run: ({ args }) => options.run(args as ParsedArgs<T>),
  });
  return { definition: definition as unknown as CommandDef<ArgsDef>, examples: options.examples, notes: options.notes };
}

/** Usage, options, examples, exit codes. */
export async function helpOf({ definition, examples, notes }: Command): Promise<string> {
  const rendered = (await renderUsage(definition)).replace(/ +$/gm, '').trimEnd();
  const usage = colours() ? rendered : stripVTControlCharacters(rendered); // it is coloured even in a pipe
  const examplesHere = examples.map((example) => `  ${example.replace(/^taskloom\b/, commandName())}`);
  const prose = notes === undefined ? [] : ['', wrap(notes, Math.min(terminalColumns(), 120), 0)];
  return [usage, '', 'EXAMPLES', ...examplesHere, ...prose, '', exitCodeHelp].join('\n');
}

/** Refuses flags that a command does not know, naming the nearest one that it does. */
export function checkFlags(rawArgs: readonly string[], args: ArgsDef): void {
  const known = new Map<string, ArgsDef[string]>();
  for (const [name, definition] of Object.entries(args)) {
    if (definition.type === 'positional') continue;
    known.set(name, definition);
    for (const alias of 'alias' in definition ? [definition.alias ?? []].flat() : []) known.set(alias, definition);
  }
  for (let i = 0; i < rawArgs.length; i++) {
    const arg = rawArgs[i]!;
    if (arg === '--') return;
    if (!arg.startsWith('-') || arg === '-' || /^-\d/.test(arg)) continue;
    const name = arg.replace(/^--?/, '').split('=')[0]!;
    const definition = known.get(name) ?? (name.startsWith('no-') ? known.get(name.slice(3)) : undefined);
    if (!definition) throw usageError(`Unknown option '${arg.split('=')[0]}'.${near(name, [...known.keys()])}`);
    if (definition.type === 'boolean') continue;
    if (arg.includes('=')) continue;
    const value = rawArgs[++i];
    if (value === undefined || (value.startsWith('--') && value.length > 2)) throw usageError(`Option '${arg}' needs a value.`);
  }
}

/** " Did you mean '--x'?" for a known option that shares its beginning or differs by little. */
export function near(name: string, known: readonly string[], prefix = '--'): string {
  const scored = known
    .filter((candidate) => candidate.length > 1)
    .map((candidate) => ({ candidate, score: bigrams(candidate, name) }))
    .sort((a, b) => b.score - a.score);
  return scored[0] && scored[0].score >= 0.4 ? ` Did you mean '${prefix}${scored[0].candidate}'?` : '';
}

/** Dice's coefficient of letter pairs. */
function bigrams(a: string, b: string): number {
  const pairs = (text: string) => new Set(Array.from({ length: text.length + 1 }, (_, i) => ` ${text} `.slice(i, i + 2)));
  const [x, y] = [pairs(a), pairs(b)];
  return (2 * [...x].filter((pair) => y.has(pair)).length) / (x.size + y.size);
}
