import { stripVTControlCharacters } from 'node:util';

/** Breaks a line at spaces so that none is wider than `columns` where words allow it; further lines start `indent` columns in. */
export function wrap(text: string, columns: number, indent: number): string {
  const lines: string[] = [];
  let line = '';
  for (const piece of text.split(/(?<=\S)(?= )/)) {
    if (line !== '' && width(line) + width(piece) > columns) {
      lines.push(line);
      line = `${' '.repeat(indent)}${piece.trimStart()}`;
    } else line += piece;
  }
  return [...lines, line].join('\n');
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
