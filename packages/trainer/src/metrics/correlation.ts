import { assertSameLength, type Numbers } from './classification';

/** Pearson's sample correlation; 0 where a side does not vary. */
export function pearson(x: Numbers, y: Numbers): number {
  assertSameLength(x, y);
  const [mx, my] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [x[i]! - mx, y[i]! - my];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx > 0 && yy > 0 ? Math.max(-1, Math.min(1, xy / (Math.sqrt(xx) * Math.sqrt(yy)))) : 0;
}

/** Spearman's ρ: Pearson's correlation of the ranks, ties sharing their mean rank. */
export function spearman(x: Numbers, y: Numbers): number {
  return pearson(ranks(x), ranks(y));
}

/** Kendall's τ_b = (C − D)/√((n₀ − n₁)(n₀ − n₂)), corrected for ties; 0 where a side does not vary. O(n²). */
export function kendall(x: Numbers, y: Numbers): number {
  assertSameLength(x, y);
  let [difference, untiedX, untiedY] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    for (let j = 0; j < i; j++) {
      const [a, b] = [Math.sign(x[i]! - x[j]!), Math.sign(y[i]! - y[j]!)];
      difference += a * b;
      untiedX += a * a;
      untiedY += b * b;
    }
  }
  return untiedX > 0 && untiedY > 0 ? difference / (Math.sqrt(untiedX) * Math.sqrt(untiedY)) : 0;
}

/** Ranks from 1, ties sharing their mean rank. */
export function ranks(values: Numbers): Float64Array {
  const order = Array.from({ length: values.length }, (_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const rank = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end + 1 < order.length && values[order[end + 1]!] === values[order[start]!]) end++;
    for (let i = start; i <= end; i++) rank[order[i]!] = (start + end) / 2 + 1;
    start = end + 1;
  }
  return rank;
}

function mean(values: Numbers): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}
