import { factorOf } from './factor';
import type { Matrix } from './matrix';

/**
 * argmin over z ≥ 0 of ½zᵀCz − aᵀz by exchanging all rows that are on the wrong side at once (J. Júdice, F. Pires 1994; J. Kim, H. Park 2011): few linear systems where
 * the rows that take part are independent. Undefined where they are not, or where it does not end soon: it may go round in circles.
 */
export function blockPivoting(c: Matrix, a: Float64Array): Float64Array | undefined {
  /** So many times in a row may an exchange leave as many wrong rows as there were at best. */
  const patience = 5;
  const [solve, independent] = factorOf(c);
  const all = [...a.keys()];
  let active: number[] = [];
  let fewest = Infinity;
  for (let left = patience; left >= 0 && independent(active); left--) {
    const z = solve(active, a);
    const slopes = slopesOf(c, a, z);
    const wrong = all.filter((i) => z[i]! < 0 || slopes[i]! > 0).length;
    if (wrong === 0) return z;
    if (wrong < fewest) {
      fewest = wrong;
      left = patience + 1;
    }
    active = all.filter((i) => z[i]! > 0 || slopes[i]! > 0);
  }
  return undefined;
}

/** a − Cz, what lowers ½zᵀCz − aᵀz, for the rows with z = 0; 0 for the others, and where it is negative or a rounding error. */
export function slopesOf(c: Matrix, a: Float64Array, z: Float64Array): Float64Array {
  /** A slope of this share of its terms is a rounding error. */
  const rounding = 1e-14;
  return a.map((value, i) => {
    let [slope, size] = [value, Math.abs(value)];
    for (let j = 0; j < z.length; j++) {
      const term = c[i]![j]! * z[j]!;
      slope -= term;
      size += Math.abs(term);
    }
    return z[i] === 0 && slope > rounding * size ? slope : 0;
  });
}
