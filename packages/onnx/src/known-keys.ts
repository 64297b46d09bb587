import { TaskloomError } from '@taskloom/core/host';

/** Refuses keys of `options` that are not among `known`, with the one that was likely meant. Throws `bad_option`. */
export function assertKnownKeys(
  path: string,
  options: object,
  known: readonly string[],
  elsewhere: { readonly [key: string]: string } = {},
): void {
  const wrong = Object.keys(options).find((key) => !known.includes(key));
  if (wrong === undefined) return;
  const near = known.map((name) => ({ name, score: likeness(name, wrong) })).sort((a, b) => b.score - a.score)[0]!;
  throw new TaskloomError('bad_option', `There is no option '${path}${wrong}'.`, {
    name: path + wrong,
    expected: known,
    remedy: Object.hasOwn(elsewhere, wrong) ? elsewhere[wrong] : near.score >= 0.4 ? `Did you mean '${path}${near.name}'?` : undefined,
  });
}

/** Dice's coefficient of letter pairs. */
function likeness(a: string, b: string): number {
  const pairs = (text: string) => new Set(Array.from({ length: text.length + 1 }, (_, i) => ` ${text.toLowerCase()} `.slice(i, i + 2)));
  const [x, y] = [pairs(a), pairs(b)];
  return (2 * [...x].filter((pair) => y.has(pair)).length) / (x.size + y.size);
}
