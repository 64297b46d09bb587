import { type Execution, executions, type ResolvedConfig } from '@taskloom/pipeline';
import { usageError } from '../exit-codes';
import { terminalColumns } from '../terminal/table';
import { wrap } from '../terminal/wrap';

export const configOption = {
  type: 'string',
  alias: 'c',
  description: 'Config file (default: taskloom.config.{ts,yaml,json} here)',
  valueHint: 'file',
} as const;
export const runOption = { type: 'string', alias: 'r', description: "The run's folder", valueHint: 'folder' } as const;
export const jsonOption = { type: 'boolean', description: 'One JSON value on stdout, nothing else', default: false } as const;
export const backendOption = { type: 'string', description: 'auto, wasm or cpu', default: 'auto', valueHint: 'name' } as const;
export const executionOption = {
  type: 'string',
  description: 'auto, compiled (ONNX Runtime) or eager (TensorFlow.js)',
  default: 'auto',
  valueHint: 'name',
} as const;
export const detailsOption = {
  type: 'boolean',
  description: 'A line for each task while training: loss, weight and, with a balancer of gradients, the task it conflicts with most',
  default: false,
} as const;
export const dataRootOption = {
  type: 'string',
  description: "Folder that the config's data paths start from (default: as when trained)",
  valueHint: 'folder',
} as const;

export function backendName(value: string | undefined): 'auto' | 'wasm' | 'cpu' {
  if (value === undefined || value === 'auto' || value === 'wasm' || value === 'cpu') return value ?? 'auto';
  throw usageError(`There is no backend '${value}'. It is one of auto, wasm, cpu.`);
}

export function executionName(value: string | undefined): Execution {
  const known = executions.find((name) => name === (value ?? 'auto'));
  if (known) return known;
  throw usageError(`There is no execution '${value}'. It is one of ${executions.join(', ')}.`);
}

/** A whole number ≥ 1 from the command line. */
export function countOption(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw usageError(`--${name} must be a whole number of 1 or more, and is '${value}'.`);
  return number;
}

/** A config with `--steps` and `--seed` in place of its own. */
export function withOverrides(config: ResolvedConfig, steps: number | undefined, seed: string | undefined): ResolvedConfig {
  if (seed !== undefined && !Number.isInteger(Number(seed))) throw usageError(`--seed must be a whole number, and is '${seed}'.`);
  return {
    ...config,
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    ...(steps === undefined ? {} : { training: { ...config.training, epochs: undefined, steps } }),
  };
}

export function writeJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

export function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** Prose, broken between words where a terminal ends; further lines start `indent` columns in. */
export function sayProse(text: string, indent = 0): void {
  say(wrap(text, terminalColumns(), indent));
}
