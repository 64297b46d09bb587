/** A metric, in three decimals; metrics where there is nothing to judge are '–'. */
export function metric(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? '–' : value.toFixed(3);
}

/** 1234567 → 1,234,567. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** 75.3 → 1:15; 4.21 → 4.2 s. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const total = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** meanAbsoluteError → mean absolute error. */
export function words(name: string): string {
  return name
    .replace(/^f1$/, 'F1')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[A-Z](?![A-Z0-9])/g, (letter) => letter.toLowerCase());
}
