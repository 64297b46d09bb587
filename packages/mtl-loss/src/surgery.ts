import type { Matrix } from './matrix';
import { normsOf } from './unit-rows';
import { clamped, filled, placed, plus } from './vectors';

/**
 * Each gᵢ meets the gⱼ in the order given, and where its cosine with gⱼ is below a target gets as much of gⱼ as makes it that; the weights of the sum of all. Every g is a
 * combination Σ cₖgₖ, so that g·gⱼ = (c G)ⱼ and the Gramian is all that is needed. Pairs with a zero gradient are passed over. O(T³)
 */
export function surgery(
  gramian: Matrix,
  orders: readonly (readonly number[])[],
  targetOf: (i: number, j: number, cosine: number) => number,
  epsilon = 0,
): Float64Array {
  /** A squared norm of this share of its terms is zero. */
  const rounding = 1e-14;
  const norms = normsOf(gramian);
  let total = filled(norms.length, 0);
  for (const [i, order] of orders.entries()) {
    const c = placed(norms.length, [i], [1]);
    const products = gramian[i]!.slice();
    let norm = norms[i]!;
    for (const j of order) {
      const size = norm * norms[j]!;
      if (j === i || !(size > 0)) continue;
      const cosine = clamped(products[j]! / (size + epsilon), 1);
      const target = targetOf(i, j, cosine);
      if (cosine >= target) continue;
      const rest = Math.sqrt(1 - target * target);
      const amount = (norm * (target * Math.sqrt(1 - cosine * cosine) - cosine * rest)) / (norms[j]! * rest + epsilon);
      c[j]! += amount;
      const row = gramian[j]!;
      let [square, terms] = [0, 0];
      for (let k = 0; k < c.length; k++) {
        products[k]! += amount * row[k]!;
        square += c[k]! * products[k]!;
        terms += (c[k]! * norms[k]!) ** 2;
      }
      norm = square > rounding * terms ? Math.sqrt(square) : 0;
    }
    total = plus(total, c);
  }
  return total;
}
