import { assertSameLength, type Numbers, ratio } from './classification';

/** Σ |e| / n */
export function meanAbsoluteError(targets: Numbers, predictions: Numbers): number {
  return meanOf(targets, predictions, Math.abs);
}

/** Σ e² / n */
export function meanSquaredError(targets: Numbers, predictions: Numbers): number {
  return meanOf(targets, predictions, (e) => e * e);
}

/** √(Σ e² / n) */
export function rootMeanSquaredError(targets: Numbers, predictions: Numbers): number {
  return Math.sqrt(meanSquaredError(targets, predictions));
}

/** R² = 1 − Σ e² / Σ (y − ȳ)²; for targets that do not vary 1 if all are right, else 0. */
export function r2(targets: Numbers, predictions: Numbers): number {
  const n = targets.length;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += targets[i]!;
  let spread = 0;
  for (let i = 0; i < n; i++) spread += (targets[i]! - sum / n) ** 2;
  const error = meanSquaredError(targets, predictions) * n;
  return spread > 0 ? 1 - error / spread : Number(error === 0);
}

function meanOf(targets: Numbers, predictions: Numbers, f: (error: number) => number): number {
  assertSameLength(targets, predictions);
  let sum = 0;
  for (let i = 0; i < targets.length; i++) sum += f(predictions[i]! - targets[i]!);
  return ratio(sum, targets.length);
}
