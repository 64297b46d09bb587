import { readFileSync } from 'node:fs';
import { TaskloomError } from '@taskloom/core';
import { runCommand } from 'citty';
import { type Command, checkFlags, helpOf, near } from './command';
import { commandName } from './command-name';
import { compareCommand } from './commands/compare';
import { describeCommand, validateCommand } from './commands/data';
import { fetchCommand } from './commands/data-fetch';
import { demoCommand } from './commands/demo';
import { diagnoseCommand } from './commands/diagnose';
import { evaluateCommand } from './commands/evaluate';
import { exportCommand } from './commands/export';
import { initCommand } from './commands/init';
import { inspectCommand } from './commands/inspect';
import { predictCommand } from './commands/predict';
import { resumeCommand, trainCommand } from './commands/train';
import { exitCodeHelp, exitCodeOf, exitCodes, usageError } from './exit-codes';
import { styled } from './terminal/table';

const commands: { readonly [name: string]: Command } = {
  init: initCommand,
  train: trainCommand,
  resume: resumeCommand,
  evaluate: evaluateCommand,
  predict: predictCommand,
  export: exportCommand,
  diagnose: diagnoseCommand,
  compare: compareCommand,
  inspect: inspectCommand,
  'data fetch': fetchCommand,
  'data validate': validateCommand,
  'data describe': describeCommand,
  demo: demoCommand,
};

/** Runs one command line and gives the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const json = argv.includes('--json');
  try {
    const [first, second] = argv;
    if (first === undefined || first === '--help' || first === '-h' || first === 'help')
      return print(overview(), first === undefined ? exitCodes.usage : exitCodes.success);
    if (first === '--version' || first === '-v') return print(version(), exitCodes.success);
    const name = first === 'data' ? `data ${second ?? ''}`.trim() : first;
    if (first === 'data' && (second === undefined || second === '--help' || second === '-h'))
      return print(overview('data '), second === undefined ? exitCodes.usage : exitCodes.success);
    const chosen = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!chosen)
      throw usageError(`There is no command '${name}'.${near(name, Object.keys(commands), '')}`, `See \`${commandName()} --help\`.`);
    const rawArgs = argv.slice(first === 'data' ? 2 : 1);
    const before = rawArgs.includes('--') ? rawArgs.slice(0, rawArgs.indexOf('--')) : rawArgs;
    if (before.includes('--help') || before.includes('-h')) return print(await helpOf(chosen), exitCodes.success);
    checkFlags(rawArgs, chosen.definition.args as Parameters<typeof checkFlags>[1]);
    const { result } = await runCommand(chosen.definition, { rawArgs: [...rawArgs] });
    return typeof result === 'number' ? result : exitCodes.success;
  } catch (error) {
    report(error, json);
    return exitCodeOf(error);
  }
}

function overview(prefix = ''): string {
  const names = Object.keys(commands).filter((name) => name.startsWith(prefix));
  const width = Math.max(...names.map((name) => name.length));
  const lines = names.map(
    (name) => `  ${styled('cyan', name.padEnd(width))}  ${(commands[name]!.definition.meta as { description: string }).description}`,
  );
  return [
    'One small model for many text tasks.',
    '',
    `${styled('bold', 'USAGE')}  taskloom <command> [options]`,
    '',
    styled('bold', 'COMMANDS'),
    ...lines,
    '',
    'Each command has its own help: taskloom <command> --help. `taskloom --version` tells the version.',
    '',
    exitCodeHelp,
  ].join('\n');
}

function version(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const { name, version: own } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (name === 'taskloom' && own) return own;
    } catch {
      // The other place.
    }
  }
  return 'unknown';
}

function print(text: string, code: number): number {
  (code === exitCodes.success ? process.stdout : process.stderr).write(`${text}\n`);
  return code;
}

function report(error: unknown, json: boolean): void {
  const message = error instanceof Error ? error.message : String(error);
  if (json)
    process.stdout.write(`${JSON.stringify({ error: { code: TaskloomError.isInstance(error) ? error.code : 'failure', message } })}\n`);
  else process.stderr.write(`${styled('red', 'error')} ${message}\n`);
  if (!TaskloomError.isInstance(error) && process.env.TASKLOOM_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
}
