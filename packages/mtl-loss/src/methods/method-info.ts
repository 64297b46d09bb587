import { type Balancer, TaskloomError } from '@taskloom/core';

/** What an option may be, with the value that is taken when it is not given; `undefined` where there is none. */
export type OptionInfo = { readonly description: string } & (
  | { readonly type: 'number'; readonly default?: number; readonly min?: number; readonly max?: number; readonly integer?: boolean }
  | { readonly type: 'boolean'; readonly default?: boolean }
  | { readonly type: 'choice'; readonly choices: readonly string[]; readonly default: string }
  /** One number a task, in the order of the tasks. */
  | { readonly type: 'numbers'; readonly default?: readonly number[] }
);

/** A method of balancing as a menu shows it. */
export interface MethodInfo {
  readonly name: string;
  readonly family: Balancer['kind'];
  /** In one line. */
  readonly description: string;
  /** Of a training step, in forward (F) and backward (B) passes of the model for T tasks: 'F + B', 'F + T·B', '2F + B'. */
  readonly cost: string;
  readonly paper?: { readonly authors: string; readonly year: number; readonly title: string; readonly arxiv?: string };
  readonly options: { readonly [name: string]: OptionInfo };
  /** Throws a `TaskloomError` for an option that does not exist or is out of its range. */
  create(options?: { readonly [name: string]: unknown }): Balancer;
}

/** A `MethodInfo` whose `create` checks the options against what `options` says of them. */
export function method(info: Omit<MethodInfo, 'create'>, create: (options: never) => Balancer): MethodInfo {
  return {
    ...info,
    create(given = {}) {
      for (const [name, value] of Object.entries(given)) checkOption(info.name, info.options, name, value);
      // Each factory has options of its own; they have been checked.
      return create(given as never);
    },
  };
}

function checkOption(method: string, options: MethodInfo['options'], name: string, value: unknown): void {
  const option = Object.hasOwn(options, name) ? options[name]! : undefined;
  if (!option) throw new TaskloomError('unknown_option', `'${method}' has no option '${name}'.`, { name, expected: Object.keys(options) });
  if (value !== undefined && !fits(option, value))
    throw new TaskloomError('bad_option', `The option '${name}' of '${method}' has a value that does not fit.`, {
      name,
      expected: rangeOf(option),
      got: value,
    });
}

function fits(option: OptionInfo, value: unknown): boolean {
  switch (option.type) {
    case 'number':
      return (
        typeof value === 'number' &&
        Number.isFinite(value) &&
        value >= (option.min ?? -Infinity) &&
        value <= (option.max ?? Infinity) &&
        (!option.integer || Number.isInteger(value))
      );
    case 'boolean':
      return typeof value === 'boolean';
    case 'choice':
      return option.choices.includes(value as string);
    case 'numbers':
      return Array.isArray(value) && value.every((entry) => Number.isFinite(entry));
  }
}

/** What an option may be, in words. */
function rangeOf(option: OptionInfo): string {
  switch (option.type) {
    case 'number': {
      const [least, most] = [option.min, option.max];
      const range =
        most === undefined
          ? least === undefined
            ? ''
            : ` of ${least} or more`
          : least === undefined
            ? ` up to ${most}`
            : ` from ${least} to ${most}`;
      return `a ${option.integer ? 'whole' : 'finite'} number${range}`;
    }
    case 'boolean':
      return 'true or false';
    case 'choice':
      return `one of ${option.choices.map((choice) => `'${choice}'`).join(', ')}`;
    case 'numbers':
      return 'a list of finite numbers, one a task';
  }
}
