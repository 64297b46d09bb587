import { TaskloomError } from '@taskloom/core';

/** What the process says to the shell. */
export const exitCodes = {
  success: 0,
  /** Something we did not foresee. */
  failure: 1,
  /** Unknown command or flag, missing argument. */
  usage: 2,
  /** The config cannot be used. */
  config: 3,
  /** Data cannot be read, or is not what the config says. */
  data: 4,
  /** The run is not there, is damaged, or cannot be written. */
  run: 5,
  /** The network, or what should be there, cannot be reached. */
  offline: 6,
  /** Stopped by Ctrl-C; a training's state is saved. */
  interrupted: 130,
} as const;

/** For `--help`. */
export const exitCodeHelp = `EXIT CODES
  0  success                  4  data cannot be read or is not as the config says
  1  unforeseen failure       5  the run is not there, damaged or not writable
  2  wrong usage            130  stopped by Ctrl-C; a training's state is saved
  3  the config is not valid  6  the network cannot be reached`;

const byCode: { readonly [code: string]: number } = {
  usage: exitCodes.usage,
  unknown_task: exitCodes.usage,
  run_exists: exitCodes.usage,
  missing_package: exitCodes.usage,
  store_in_use: exitCodes.usage,
  bad_config: exitCodes.config,
  bad_option: exitCodes.config,
  config_changed: exitCodes.config,
  option_invalid: exitCodes.config,
  too_large: exitCodes.config,
  unknown_metric: exitCodes.config,
  unsupported: exitCodes.config,
  bad_data: exitCodes.data,
  data_differs: exitCodes.data,
  offline: exitCodes.offline,
  origin_missing: exitCodes.offline,
  bad_input: exitCodes.data,
  rows_invalid: exitCodes.data,
  header_invalid: exitCodes.data,
  too_many_rows: exitCodes.data,
  file_missing: exitCodes.data,
  format_unknown: exitCodes.data,
  file_unreadable: exitCodes.data,
  file_too_large: exitCodes.data,
  no_rows: exitCodes.data,
  text_too_long: exitCodes.data,
  tokenizer_failed: exitCodes.data,
  tokenizer_invalid: exitCodes.data,
  not_found: exitCodes.run,
  run_corrupt: exitCodes.run,
  run_too_new: exitCodes.run,
  file_corrupt: exitCodes.run,
  format_version: exitCodes.run,
  store_unwritable: exitCodes.run,
  unsupported_version: exitCodes.run,
  vocabulary_invalid: exitCodes.run,
};

/** The exit code of an error. */
export function exitCodeOf(error: unknown): number {
  return TaskloomError.isInstance(error) ? (byCode[error.code] ?? exitCodes.failure) : exitCodes.failure;
}

/** A mistake in how the command was called. */
export function usageError(message: string, remedy = 'See --help.'): TaskloomError {
  return new TaskloomError('usage', message, { remedy });
}
