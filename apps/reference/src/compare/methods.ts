import { balancers } from '@taskloom/pipeline';
import { near } from '../command';
import { usageError } from '../exit-codes';

/** A method as it was asked for, with its options. */
export interface Asked {
  /** As it was written, which names it in tables. */
  readonly label: string;
  readonly balancer: string;
  readonly balancerOptions?: { readonly [name: string]: number | boolean | string };
}

/** `famo,cagrad:c=0.2` → methods; the baselines, the plain sum and then `log`, are always among them, and first. */
export function methodsFrom(list: string): readonly Asked[] {
  const labels = ['sum', 'log', ...list.split(',').map((entry) => entry.trim())].filter((entry) => entry !== '');
  return [...new Set(labels)].map((label): Asked => {
    const [balancer, ...options] = label.split(':') as [string, ...string[]];
    if (!balancers.has(balancer))
      throw usageError(
        `There is no method '${balancer}'.${near(balancer, [...balancers.keys()], '')}`,
        `It is one of ${[...balancers.keys()].join(', ')}.`,
      );
    if (options.length === 0) return { label, balancer };
    const balancerOptions = Object.fromEntries(options.map((option) => pairOf(option, label)));
    balancers.get(balancer)!(balancerOptions); // now, not after hours of training
    return { label, balancer, balancerOptions };
  });
}

function pairOf(option: string, label: string): readonly [string, number | boolean | string] {
  const at = option.indexOf('=');
  if (at < 1) throw usageError(`'${option}' in '${label}' is not name=value.`, 'Options of a method are written as in cagrad:c=0.2.');
  const value = option.slice(at + 1);
  const parsed =
    value === 'true' ? true : value === 'false' ? false : value !== '' && Number.isFinite(Number(value)) ? Number(value) : value;
  return [option.slice(0, at), parsed];
}
