import { TaskloomError } from '@taskloom/core';
import type { z } from 'zod';
import { type Config, configSchema, type ResolvedConfig } from './schema';
import { namedKeys } from './strict-object';

/** One thing wrong with a config. */
export interface ConfigProblem {
  /** `training.learningRate`, `tasks[1].head`. */
  readonly path: string;
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
}

export interface CheckOptions {
  /** The file's name, for messages. */
  readonly file?: string;
  /** Where in the file a path is; the last element may be an unknown key. */
  readonly locate?: (path: readonly (string | number)[]) => { readonly line: number; readonly column: number } | undefined;
}

/** Gives a config its types, nothing more: `export default defineConfig({ … })`. */
export function defineConfig(config: Config): Config {
  return config;
}

/**
 * Checks a config and fills in the defaults. Throws `bad_config` that lists every problem with its path, its position where the file is known,
 * and the nearest known word for a misspelt one; the problems are in `details.got`.
 */
export function resolveConfig(config: unknown, options: CheckOptions = {}): ResolvedConfig {
  const result = configSchema.safeParse(config);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => toProblems(issue, options));
  const lines = problems.map(({ path, message, line, column }) => {
    const place = line === undefined ? '' : `${options.file ?? 'config'}:${line}:${column} `;
    return `  ${place}${path}: ${message}`;
  });
  throw new ConfigError(`${options.file ?? 'The config'} is not valid:\n${lines.join('\n')}`, problems);
}

/** A `TaskloomError` (code `bad_config`) that keeps its problems one by one. */
class ConfigError extends TaskloomError {
  readonly problems: readonly ConfigProblem[];
  constructor(message: string, problems: readonly ConfigProblem[]) {
    super('bad_config', message, { name: problems[0]?.path });
    this.problems = problems;
  }
}

function toProblems(issue: z.core.$ZodIssue, options: CheckOptions): ConfigProblem[] {
  const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
  // An unknown key is named at its own place, not at the object that holds it.
  const keys = issue.code === 'unrecognized_keys' ? issue.keys : [];
  const paths = issue.code === 'unrecognized_keys' ? keys.slice(0, namedKeys).map((key) => [...path, key]) : [path];
  const messages = keys.length > 1 ? issue.message.split(/(?= Unknown key )/) : [issue.message];
  const problems = paths.map((place, i) => ({
    path: showPath(place),
    message: (messages[i] ?? issue.message).trim(),
    ...options.locate?.(place),
  }));
  const more = keys.length - namedKeys;
  return more > 0
    ? [...problems, { path: showPath(path), message: `And ${more} more unknown keys.`, ...options.locate?.(path) }]
    : problems;
}

function showPath(path: readonly (string | number)[]): string {
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? key : `.${key}`)).join('') || '(top level)';
}
