/**
 * The two losses over the plane that B. Liu et al. 2021 show CAGrad on (arXiv 2110.14048, figure 3): two valleys, from some of whose slopes the mean gradient leads to a
 * point that is not the better one. Losses and gradients at x.
 */
export function landscape([x1, x2]: readonly number[]): { losses: number[]; jacobian: number[][] } {
  const [x, y] = [x1!, x2!];
  const t = Math.tanh(-y);
  const dt = t * t - 1;
  const upper = { value: Math.max(Math.tanh(y / 2), 0), slope: y > 0 ? (1 - Math.tanh(y / 2) ** 2) / 2 : 0 };
  const lower = { value: Math.max(Math.tanh(-y / 2), 0), slope: y < 0 ? -(1 - Math.tanh(y / 2) ** 2) / 2 : 0 };
  const logs = [logarithm(0.5 * (-x - 7) - t, [-0.5, -dt]), logarithm(0.5 * (-x + 3) + t + 2, [-0.5, dt])];
  const bowls = [-7, 7].map((centre) => ({
    value: ((-x - centre) ** 2 + 0.1 * (-y - 8) ** 2) / 10 - 20,
    slopes: [(2 * (x + centre)) / 10, (0.2 * (y + 8)) / 10],
  }));
  const both = [0, 1].map((i) => [logs[i]!, bowls[i]!] as const);
  return {
    losses: both.map(([log, bowl]) => log.value * upper.value + bowl.value * lower.value),
    jacobian: both.map(([log, bowl]) => [
      log.slopes[0]! * upper.value + bowl.slopes[0]! * lower.value,
      log.slopes[1]! * upper.value + log.value * upper.slope + bowl.slopes[1]! * lower.value + bowl.value * lower.slope,
    ]),
  };
}

/** ln max(|u|, 5e-6) + 6 and its slopes. */
function logarithm(u: number, slopes: readonly number[]): { value: number; slopes: number[] } {
  const clipped = Math.abs(u) < 5e-6;
  return { value: Math.log(clipped ? 5e-6 : Math.abs(u)) + 6, slopes: slopes.map((slope) => (clipped ? 0 : slope / u)) };
}
