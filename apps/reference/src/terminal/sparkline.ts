const bars = '▁▂▃▄▅▆▇█';

/** A row of bars between the least and the greatest value, at most `width` of them. */
export function sparkline(values: readonly number[], width = 40): string {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return '';
  const count = Math.min(width, finite.length);
  const points = Array.from({ length: count }, (_, i) => {
    const part = finite.slice(
      Math.floor((i * finite.length) / count),
      Math.max(Math.floor(((i + 1) * finite.length) / count), Math.floor((i * finite.length) / count) + 1),
    );
    return part.reduce((a, b) => a + b, 0) / part.length;
  });
  const low = Math.min(...points);
  const high = Math.max(...points);
  return points.map((value) => bars[high === low ? 3 : Math.round(((value - low) / (high - low)) * (bars.length - 1))]).join('');
}
