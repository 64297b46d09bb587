import { Factor } from './factor';

/** Below this pivot the rows are nearly dependent, and others must decide. */
const independent = 1e-7;
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
  let fewest = count + 1;
  let left = patience;
  for (;;) {
    const rows: number[] = [];
    for (let i = 0; i < count; i++) if (inside[i]) rows.push(i);
    factor.reset(rows);
    const values = factor.solve(rows.map((i) => a[i]!));
    if (factor.leastPivot() < independent) return undefined;
    const slopes = a.slice();
    const sizes = a.map(Math.abs);
    for (let k = 0; k < rows.length; k++) {
      const start = rows[k]! * count;
      const value = values[k]!;
      for (let j = 0; j < count; j++) {
        const term = c[start + j]! * value;
        slopes[j]! -= term;
        sizes[j]! += Math.abs(term);
      }
    }
    const wrong: number[] = [];
    for (let k = 0; k < rows.length; k++) if (values[k]! < 0) wrong.push(rows[k]!);
    for (let j = 0; j < count; j++) if (!inside[j] && slopes[j]! > rounding * sizes[j]!) wrong.push(j);
    if (wrong.length === 0) {
      const z = new Float64Array(count);
      for (const [k, i] of rows.entries()) z[i] = values[k]!;
      return z;
    }
    if (wrong.length < fewest) {
      fewest = wrong.length;
      left = patience;
    } else if (left-- === 0) return undefined;
    for (const i of wrong) inside[i] = inside[i] ? 0 : 1;
  }
}
