import { factorOf } from './factor';
import type { Matrix } from './matrix';

/** Below this pivot the rows are nearly dependent, and others must decide. */
export const independent = 1e-7;
/** A slope of this share of its terms is a rounding error. */
const rounding = 1e-14;
/** So many times in a row may an exchange leave as many wrong rows as there were at best. */
const patience = 5;

/**
 * argmin over z ≥ 0 of ½zᵀCz − aᵀz by exchanging all rows that are on the wrong side at once (J. Júdice, F. Pires 1994; J. Kim, H. Park 2011): few linear systems where
 * the rows that take part are independent. Undefined where they are not, or where it does not end soon: it may go round in circles.
 */
export function blockPivoting(c: Matrix, a: Float64Array): Float64Array | undefined {
  const factor = factorOf(c);
  const all = [...a.keys()];
  let fewest = Infinity;
  let left = patience;
  for (;;) {
    if (factor.leastPivot() < independent) return undefined;
    const z = factor.solve(a);
    const slopes = slopesOf(c, a, z);
    const enters = (i: number) => z[i] === 0 && slopes[i]! > 0;
    const wrong = all.filter((i) => z[i]! < 0 || enters(i)).length;
    if (wrong === 0) return z;
    if (wrong < fewest) {
      fewest = wrong;
      left = patience;
    } else if (left-- === 0) return undefined;
    factor.active = all.filter((i) => z[i]! > 0 || enters(i));
  }
}

/** a − Cz, what lowers ½zᵀCz − aᵀz; 0 where it is negative or a rounding error. */
export function slopesOf(c: Matrix, a: Float64Array, z: Float64Array): Float64Array {
  return a.map((value, i) => {
    let [slope, size] = [value, Math.abs(value)];
    for (let j = 0; j < z.length; j++) {
      const term = c[i]![j]! * z[j]!;
      slope -= term;
      size += Math.abs(term);
    }
    return slope > rounding * size ? slope : 0;
  });
}
