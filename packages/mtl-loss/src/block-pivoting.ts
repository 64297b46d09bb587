import { Factor } from './factor';
import { multiply } from './products';

/** Below this pivot the rows are nearly dependent, and others must decide. */
export const independent = 1e-7;
/** Products of this share of their terms are zero. */
const rounding = 1e-14;
/** So many times in a row may an exchange leave as many wrong rows as there were at best. */
const patience = 5;

/**
 * argmin over z ≥ 0 of ½zᵀCz − aᵀz by exchanging all rows that are on the wrong side at once (J. Júdice, F. Pires 1994; J. Kim, H. Park 2011): few linear systems where
 * the rows that take part are independent. Undefined where they are not, or where it does not end soon: it may go round in circles.
 */
export function blockPivoting(c: Float64Array, a: Float64Array): Float64Array | undefined {
  const count = a.length;
  const factor = new Factor(c, count);
  const inside = new Uint8Array(count);
  const all = [...inside.keys()];
  let fewest = count + 1;
  let left = patience;
  for (;;) {
    factor.active = all.filter((i) => inside[i]);
    if (factor.leastPivot() < independent) return undefined;
    const z = factor.solve(a);
    const { products, terms } = multiply(c, z);
    const wrong = all.filter((i) => (inside[i] ? z[i]! < 0 : a[i]! - products[i]! > rounding * (Math.abs(a[i]!) + terms[i]!)));
    if (wrong.length === 0) return z;
    if (wrong.length < fewest) {
      fewest = wrong.length;
      left = patience;
    } else if (left-- === 0) return undefined;
    for (const i of wrong) inside[i] = inside[i] ? 0 : 1;
  }
}
