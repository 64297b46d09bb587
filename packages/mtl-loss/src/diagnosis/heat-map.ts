export interface HeatMapOptions {
  readonly title: string;
  /** Of rows and columns. */
  readonly labels: readonly string[];
  /** values[row][column]; NaN is left blank. */
  readonly values: readonly (readonly number[])[];
  /** The value of full colour, red above 0 and blue below. Default: the greatest size off the diagonal. */
  readonly limit?: number;
  /** How a value is written. Default: two decimals. */
  readonly format?: (value: number) => string;
  /** What rows and columns are, as in 'a step for' and 'changes the loss of'. */
  readonly rows?: string;
  readonly columns?: string;
}

/** A square matrix as an SVG of its own: colour and number, blue for < 0, red for > 0. */
export function heatMap({
  title,
  labels,
  values,
  limit,
  format = (value) => value.toFixed(2),
  rows = '',
  columns = '',
}: HeatMapOptions): string {
  const [cell, font] = [52, 13];
  const margin = Math.max(60, ...labels.map((label) => 7.5 * label.length + 24)) + (rows ? 22 : 0);
  const top = 40 + Math.max(...labels.map((label) => 5.5 * label.length + 24)) + (columns ? 20 : 0);
  const size = cell * labels.length;
  const off = values.flatMap((row, i) => row.filter((value, j) => i !== j && Number.isFinite(value)).map(Math.abs));
  const full = limit ?? Math.max(...off, 0);
  const cells = values.flatMap((row, i) =>
    row.map((value, j) => {
      const [x, y] = [margin + j * cell, top + i * cell];
      const strength = full > 0 && Number.isFinite(value) ? Math.min(1, Math.abs(value) / full) : 0;
      const ink = strength > 0.6 ? '#fff' : '#222';
      const text = Number.isFinite(value)
        ? `<text x="${x + cell / 2}" y="${y + cell / 2 + 4.5}" text-anchor="middle" fill="${ink}">${escapeXml(format(value))}</text>`
        : '';
      return `<rect x="${x}" y="${y}" width="${cell - 1}" height="${cell - 1}" fill="${Number.isFinite(value) ? shade(value, strength) : '#eee'}"/>${text}`;
    }),
  );
  const names = labels.flatMap((label, i) => {
    const [x, y] = [margin + i * cell + cell / 2, top + i * cell + cell / 2 + 4.5];
    return [
      `<text x="${margin - 8}" y="${y}" text-anchor="end">${escapeXml(label)}</text>`,
      `<text transform="translate(${x},${top - 8}) rotate(-45)">${escapeXml(label)}</text>`,
    ];
  });
  const axes = [
    rows && `<text transform="translate(16,${top + size / 2}) rotate(-90)" text-anchor="middle" fill="#666">${escapeXml(rows)}</text>`,
    columns && `<text x="${margin}" y="44" fill="#666">${escapeXml(columns)}</text>`,
  ].filter(Boolean);
  const beside = Math.max(40, ...labels.map((label) => 5 * label.length));
  const [width, height] = [Math.max(margin + size + beside, 8.5 * title.length + 24), top + size + 12];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="${font}" role="img">`,
    `<title>${escapeXml(title)}</title><rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="12" y="22" font-size="15" font-weight="600">${escapeXml(title)}</text>`,
    ...axes,
    ...names,
    ...cells,
    '</svg>',
  ].join('\n');
}

/** From white to red (value > 0) or blue. */
function shade(value: number, strength: number): string {
  const [r, g, b] = value >= 0 ? [178, 24, 43] : [33, 102, 172];
  const mix = (channel: number) => Math.round(255 + (channel - 255) * strength);
  return `rgb(${mix(r)},${mix(g)},${mix(b)})`;
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!);
}
