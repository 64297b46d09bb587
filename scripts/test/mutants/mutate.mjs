// One damaged copy of a file: a pure function of the file and the number of the mutant. Bytes are changed, or the values of a JSON text.
import { hostRandom } from '@taskloom/core/host';

const tokens = [
  '"__proto__"',
  '1e999',
  '-1',
  '999999999999',
  'null',
  '{',
  ']',
  '\\u0000',
  '"',
  '1e9',
  'NaN',
  '[[[[[[[[',
  '&a *a',
  '(a+)+$',
  '../../etc',
  ': ',
  '\n',
  '\uD800',
];

export function mutate(bytes, number) {
  const random = hostRandom(`mutant ${number}`);
  let at = 0;
  const draws = random.uniform(64);
  const below = (limit) => Math.floor(draws[at++ % 64] * limit);
  let out = Uint8Array.from(bytes);
  const splice = (start, remove, insert) => {
    out = Uint8Array.from([...out.subarray(0, start), ...insert, ...out.subarray(start + remove)]);
  };
  for (let edit = 1 + below(4); edit > 0; edit--) {
    const place = below(Math.max(1, out.length));
    const kind = below(7);
    if (kind === 0 && out.length > 0) out[place] = below(256);
    else if (kind === 1 && out.length > 0) out[place] ^= 1 << below(8);
    else if (kind === 2) splice(place, 1 + below(40), []);
    else if (kind === 3) splice(place, 0, out.subarray(place, place + 1 + below(60)));
    else if (kind === 4) splice(place, below(3), new TextEncoder().encode(tokens[below(tokens.length)]));
    else if (kind === 5) out = out.slice(0, place);
    else {
      // A number in the text becomes another one.
      const text = new TextDecoder('latin1').decode(out);
      const numbers = [...text.matchAll(/\d+/g)];
      if (numbers.length > 0) {
        const chosen = numbers[below(numbers.length)];
        splice(
          chosen.index,
          chosen[0].length,
          new TextEncoder().encode(['-1', '0', '1000000000', '1e308', '0.5', '9007199254740993'][below(6)]),
        );
      }
    }
  }
  return out;
}

export const values = [
  null,
  true,
  -1,
  0,
  0.5,
  1e9,
  1e308,
  2 ** 53,
  '',
  '__proto__',
  '../../etc/passwd',
  'x'.repeat(100_000),
  [],
  {},
  [[[[[]]]]],
  ['a', 'a'],
];

/** A JSON text with one to three of its values (of those in `part` of it, if given) replaced by one of `pool`, removed, or put under another key. */
export function mutateJson(bytes, number, { part = (json) => json, pool = values } = {}) {
  const random = hostRandom(`json mutant ${number}`).uniform(16);
  let at = 0;
  const below = (limit) => Math.floor(random[at++ % 16] * limit);
  const json = JSON.parse(new TextDecoder().decode(bytes));
  for (let edit = 1 + below(3); edit > 0; edit--) {
    const places = [];
    const visit = (node) => {
      if (typeof node !== 'object' || node === null) return;
      for (const key of Object.keys(node)) {
        places.push([node, key]);
        visit(node[key]);
      }
    };
    visit(part(json));
    if (places.length === 0) break;
    const [node, key] = places[below(places.length)];
    const kind = below(6);
    if (kind === 0) delete node[key];
    else if (kind === 1)
      Object.defineProperty(node, ['__proto__', 'constructor', 'extra', '0'][below(4)], {
        value: node[key],
        enumerable: true,
        configurable: true,
        writable: true,
      });
    else node[key] = structuredClone(pool[below(pool.length)]);
  }
  return new TextEncoder().encode(JSON.stringify(json));
}
