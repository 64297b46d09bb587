import type { Problem } from './problems';

export interface Way {
  readonly points: readonly (readonly number[])[];
  readonly reached: boolean;
}

interface Frame {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

const [width, height, margin] = [300, 260, 30];
const colours = ['#1b6ca8', '#c0392b', '#2e8b57', '#8e44ad', '#d68910', '#117a65', '#5d6d7e', '#a93226', '#7d6608', '#4a235a', '#e67399'];

/** Panels side by side, so many a row. */
export function sheet(panels: readonly string[], columns: number): string {
  const rows = Math.ceil(panels.length / columns);
  const placed = panels.map(
    (panel, i) => `<g transform="translate(${(i % columns) * width},${Math.floor(i / columns) * height})">${panel}</g>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${columns * width} ${rows * height}" font-family="system-ui, sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/>\n${placed.join('\n')}\n</svg>\n`;
}

/** The mean loss as shades, by rank, so that valleys and bowls can be seen at once; drawn once and used by all panels of it. */
function ground(problem: Problem, frame: Frame): string {
  const cells = 48;
  const values = Array.from({ length: cells * cells }, (_, at) =>
    mean(problem.losses([between(frame.x, ((at % cells) + 0.5) / cells), between(frame.y, (Math.floor(at / cells) + 0.5) / cells)])),
  );
  const sorted = [...values].sort((a, b) => a - b);
  const [w, h] = [(width - 2 * margin) / cells, (height - 2 * margin) / cells];
  const shades = values.map((value, at) => {
    const rank = Math.floor((7.99 * sorted.findIndex((other) => other >= value)) / sorted.length) / 8;
    const [x, y] = [margin + (at % cells) * w, height - margin - (Math.floor(at / cells) + 1) * h];
    const colour = [235, 240, 248].map((c) => Math.round(c - 90 * (1 - rank))).join(',');
    return `<path d="M${x.toFixed(1)} ${y.toFixed(1)}h${(w + 0.2).toFixed(1)}v${(h + 0.2).toFixed(1)}h-${(w + 0.2).toFixed(1)}z" fill="rgb(${colour})"/>`;
  });
  return `<defs><g id="${problem.name}">${shades.join('')}</g></defs>`;
}

/** Ways over the mean loss, in the plane of the parameters. The `first` panel of a sheet brings the ground. */
export function landscapePanel(title: string, problem: Problem, ways: readonly Way[], frame: Frame, first: boolean): string {
  const paths = ways.map(({ points, reached }) => {
    const colour = reached ? colours[2]! : colours[1]!;
    return `${polyline(points, frame, `stroke="${colour}" stroke-width="1.6"`)}${dot(points[0]!, frame, '#222', 2.5)}${dot(points.at(-1)!, frame, colour, 4)}`;
  });
  return `${first ? ground(problem, frame) : ''}<use href="#${problem.name}"/>${paths.join('')}${heading(title)}`;
}

/** Where each method ends in the plane of the losses, over the front. */
export function frontPanel(title: string, problem: Problem, ends: { readonly [method: string]: readonly (readonly number[])[] }): string {
  const all = [
    ...problem.front,
    ...Object.values(ends)
      .flat()
      .map((x) => problem.losses(x)),
  ];
  const range = (k: 0 | 1): [number, number] => {
    const values = all.map((point) => point[k]).sort((a, b) => a - b);
    const room = 0.05 * (values.at(-1)! - values[0]!);
    return [values[0]! - room, values.at(-1)! + room];
  };
  const frame: Frame = { x: range(0), y: range(1) };
  const methods = Object.entries(ends).map(([, points], i) =>
    points.map((x) => dot(problem.losses(x), frame, colours[i % colours.length]!, 3)).join(''),
  );
  const legend = Object.keys(ends).map(
    (method, i) =>
      `<circle cx="${width - 106}" cy="${44 + 13 * i}" r="3" fill="${colours[i % colours.length]}"/><text x="${width - 98}" y="${48 + 13 * i}">${method}</text>`,
  );
  return `${polyline(problem.front, frame, 'stroke="#999" stroke-width="2"')}${methods.join('')}${legend.join('')}${heading(title)}`;
}

function heading(title: string): string {
  return `<text x="${margin}" y="20" font-weight="600" font-size="12">${title}</text><rect x="${margin}" y="${margin}" width="${width - 2 * margin}" height="${height - 2 * margin}" fill="none" stroke="#bbb"/>`;
}

function polyline(points: readonly (readonly number[])[], frame: Frame, style: string): string {
  return `<polyline fill="none" ${style} points="${points.map((point) => place(point, frame).join(',')).join(' ')}"/>`;
}

function dot(point: readonly number[], frame: Frame, colour: string, radius: number): string {
  const [x, y] = place(point, frame);
  return `<circle cx="${x}" cy="${y}" r="${radius}" fill="${colour}"/>`;
}

function place([a, b]: readonly number[], { x, y }: Frame): [string, string] {
  const part = (value: number, [low, high]: readonly [number, number]) => (value - low) / (high - low);
  return [(margin + (width - 2 * margin) * part(a!, x)).toFixed(1), (height - margin - (height - 2 * margin) * part(b!, y)).toFixed(1)];
}

function between([low, high]: readonly [number, number], part: number): number {
  return low + (high - low) * part;
}

function mean([a, b]: readonly [number, number]): number {
  return (a + b) / 2;
}
