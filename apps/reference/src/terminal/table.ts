import { styleText } from 'node:util';
import { width, wrap } from './wrap';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Rows under titles, columns aligned, two spaces apart; where a terminal is too narrow, the last column takes several lines. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], limit = terminalColumns()): string {
  const widths = columns.map(({ title }, i) => Math.max(width(title), ...rows.map((row) => width(row[i] ?? ''))));
  const last = columns.length - 1;
  const before = widths.slice(0, last).reduce((sum, w) => sum + w + 2, 0);
  widths[last] = Math.min(widths[last]!, Math.max(limit - before, width(columns[last]!.title), 16));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) =>
        pad(
          i === last ? wrap(cell, widths[i]!, 0).replaceAll('\n', `\n${' '.repeat(before)}`) : cell,
          widths[i]!,
          columns[i]!.align === 'right',
        ),
      )
      .join('  ')
      .trimEnd();
  return [
    styled('bold', line(columns.map(({ title }) => title))),
    styled('dim', widths.map((w) => '─'.repeat(w)).join('──')),
    ...rows.map((row) => line(row)),
  ].join('\n');
}

/** The width of the terminal that stdout is; without one there is no limit. */
export function terminalColumns(): number {
  return process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY;
}

/** ANSI style where stdout is a terminal and NO_COLOR is not set. */
export function styled(style: Parameters<typeof styleText>[0], text: string): string {
  return colours() ? styleText(style, text) : text;
}

export function colours(): boolean {
  return Boolean(process.env.FORCE_COLOR) || (process.stdout.isTTY === true && !process.env.NO_COLOR);
}

function pad(cell: string, to: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, to - width(cell)));
  return right ? space + cell : cell + space;
}
