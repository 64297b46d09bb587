/** Problems with two objectives whose Pareto fronts are known, in plain float64. */
export interface Problem {
  readonly name: string;
  losses(x: readonly number[]): [number, number];
  /** Rows ∇L₁, ∇L₂. */
  jacobian(x: readonly number[]): [number[], number[]];
  /** Points of the Pareto front as (L₁, L₂), dense. */
  readonly front: readonly (readonly [number, number])[];
  /** Below both losses, for methods that want to know. Default 0. */
  readonly least?: number;
  /** Keeps x where the problem is defined. */
  project?(x: readonly number[]): number[];
}

/** The starts of the CAGrad paper. */
export const landscapeStarts = [
  [-8.5, 7.5],
  [-8.5, -5],
  [9, 9],
] as const;

/**
 * The landscape of B. Liu et al. 2021 (arXiv 2110.14048): above x₂ = 0 each loss falls into a steep valley of logarithms where the other one holds it, below two bowls around (7, −8) and (−7, −8). Front:
 * between their bottoms.
 */
export const landscape: Problem = {
  name: 'landscape',
  least: -20,
  losses: (x) => landscapeAt(x).losses,
  jacobian: (x) => landscapeAt(x).jacobian,
  get front() {
    return line(-7, 7).map((x1) => {
      // The bottom along x₂, by ternary search.
      let [low, high] = [-10, -5];
      for (let i = 0; i < 60; i++) {
        const [a, b] = [low + (high - low) / 3, high - (high - low) / 3];
        if (total(landscape.losses([x1, a])) < total(landscape.losses([x1, b]))) high = b;
        else low = a;
      }
      return landscape.losses([x1, (low + high) / 2]);
    });
  },
};

function landscapeAt([x1, x2]: readonly number[]): { losses: [number, number]; jacobian: [number[], number[]] } {
  const [x, y] = [x1!, x2!];
  const hyper = Math.tanh(y);
  const slope = 1 - hyper ** 2;
  const [up, down] = [Math.max(Math.tanh(y / 2), 0), Math.max(Math.tanh(-y / 2), 0)];
  const rate = (1 - Math.tanh(y / 2) ** 2) / 2;
  const [dUp, dDown] = [y > 0 ? rate : 0, y < 0 ? -rate : 0];
  // ln max(|u|, 5e-6) + 6, with the gradient of u.
  const valley = (u: number, dx: number, dy: number) => {
    const steep = Math.abs(u) > 5e-6 ? 1 / u : 0;
    return { value: Math.log(Math.max(Math.abs(u), 5e-6)) + 6, dx: steep * dx, dy: steep * dy };
  };
  const bowl = (centre: number) => ({ value: ((x - centre) ** 2 + 0.1 * (y + 8) ** 2) / 10 - 20, dx: (x - centre) / 5, dy: (y + 8) / 50 });
  const parts = [
    { a: valley(0.5 * (-x - 7) + hyper, -0.5, slope), q: bowl(7) },
    { a: valley(0.5 * (-x + 3) - hyper + 2, -0.5, -slope), q: bowl(-7) },
  ];
  return {
    losses: parts.map(({ a, q }) => a.value * up + q.value * down) as [number, number],
    jacobian: parts.map(({ a, q }) => [a.dx * up + q.dx * down, a.dy * up + a.value * dUp + q.dy * down + q.value * dDown]) as [
      number[],
      number[],
    ],
  };
}

/** C. M. Fonseca, P. J. Fleming 1995: 1 − exp(−Σ(xₖ ∓ 1/√n)²). The front is concave: minima of weighted sums are its two ends alone. */
export function fonseca(size = 3): Problem {
  const centre = 1 / Math.sqrt(size);
  const part = (x: readonly number[], c: number) => Math.exp(-x.reduce((sum, value) => sum + (value - c) ** 2, 0));
  const row = (x: readonly number[], c: number) => x.map((value) => 2 * (value - c) * part(x, c));
  const losses = (x: readonly number[]): [number, number] => [1 - part(x, centre), 1 - part(x, -centre)];
  return {
    name: 'Fonseca',
    losses,
    jacobian: (x) => [row(x, centre), row(x, -centre)],
    front: line(-centre, centre).map((t) => losses(Array.from({ length: size }, () => t))),
  };
}

/** E. Zitzler, K. Deb, L. Thiele 2000: L₁ = x₁, L₂ = g(1 − √(x₁/g)), g = 1 + 9 · mean(x₂ …) on the unit cube. Front: L₂ = 1 − √L₁. */
export function zdt1(size = 10): Problem {
  const least = 1e-3; // √ has no gradient at 0
  const g = (x: readonly number[]) => 1 + (9 * x.slice(1).reduce((sum, value) => sum + value, 0)) / (size - 1);
  return {
    name: 'ZDT1',
    losses: (x) => [x[0]!, g(x) * (1 - Math.sqrt(x[0]! / g(x)))],
    jacobian: (x) => [
      x.map((_, k) => (k === 0 ? 1 : 0)),
      x.map((_, k) => (k === 0 ? -0.5 * Math.sqrt(g(x) / x[0]!) : (9 / (size - 1)) * (1 - 0.5 * Math.sqrt(x[0]! / g(x))))),
    ],
    front: line(least, 1).map((t) => [t, 1 - Math.sqrt(t)]),
    project: (x) => x.map((value, k) => Math.min(1, Math.max(k === 0 ? least : 0, value))),
  };
}

/** ½ (x − c)ᵀ diag(h) (x − c) for two c and h, the second `scale` times as large: the front is where w H₁(x − c₁) + (1 − w) H₂(x − c₂) = 0. */
export function quadratics(scale = 10): Problem {
  const tasks = [
    { centre: [1, 0], curvature: [1, 3] },
    { centre: [-1, 1], curvature: [3 * scale, scale] },
  ];
  const losses = (x: readonly number[]) =>
    tasks.map(({ centre, curvature }) => x.reduce((sum, value, k) => sum + 0.5 * curvature[k]! * (value - centre[k]!) ** 2, 0)) as [
      number,
      number,
    ];
  const rows = (x: readonly number[]) => tasks.map(({ centre, curvature }) => x.map((value, k) => curvature[k]! * (value - centre[k]!)));
  return {
    name: 'quadratics',
    losses,
    jacobian: (x) => rows(x) as [number[], number[]],
    // Weights of the same gradient size, so that both ends are dense.
    front: line(0, 1).map((t) => {
      const weights = [t * scale, 1 - t];
      return losses(
        [0, 1].map((k) => {
          const [num, den] = tasks.reduce(
            ([n, d], { centre, curvature }, i) => [n + weights[i]! * curvature[k]! * centre[k]!, d + weights[i]! * curvature[k]!],
            [0, 0],
          );
          return num / den;
        }),
      );
    }),
  };
}

function line(from: number, to: number, points = 801): number[] {
  return Array.from({ length: points }, (_, i) => from + ((to - from) * i) / (points - 1));
}

function total(losses: readonly number[]): number {
  return losses.reduce((sum, value) => sum + value, 0);
}

/** How far a point is from the front, as a part of the front's extent. */
export function distanceToFront({ front }: Problem, [a, b]: readonly [number, number]): number {
  const extent = (k: 0 | 1) => Math.max(...front.map((point) => point[k])) - Math.min(...front.map((point) => point[k]));
  const [width, height] = [extent(0), extent(1)];
  return Math.min(...front.map(([x, y]) => Math.hypot((a - x) / width, (b - y) / height)));
}
