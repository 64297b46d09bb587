import { stripVTControlCharacters, styleText } from 'node:util';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Rows under titles, columns aligned, two spaces apart. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title }, i) => Math.max(width(title), ...rows.map((row) => width(row[i] ?? ''))));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => pad(cell, widths[i]!, columns[i]!.align === 'right'))
      .join('  ')
      .trimEnd();
  return [
    styled('bold', line(columns.map(({ title }) => title))),
    styled('dim', widths.map((w) => '─'.repeat(w)).join('──')),
    ...rows.map((row) => line(row)),
  ].join('\n');
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

/** Columns that a text takes in a terminal, near enough: code points without colour codes and combining marks, wide ones twice. */
export function width(text: string): number {
  let columns = 0;
  for (const character of stripVTControlCharacters(text)) {
    if (/\p{M}/u.test(character)) continue;
    columns += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
      character,
    )
      ? 2
      : 1;
  }
  return columns;
}
