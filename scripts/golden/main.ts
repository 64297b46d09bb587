import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import { engine, setBackend } from '@tensorflow/tfjs-core';
import { type Check, deviation, type GoldenCase, type Handler, type Precision } from './golden';
import { handlerFor, parts } from './map';

interface Row {
  readonly file: string;
  readonly method: string;
  readonly tolerance: Set<number>;
  passed: number;
  failed: number;
  leftOut: number;
  unmapped: number;
}

/** Runs all golden files of `folder`; returns the number of failed cases. */
export async function main(folder: string): Promise<number> {
  await setBackend('cpu');
  const rows = new Map<string, Row>();
  const notes: string[] = [];
  for (const { file, kind, handlers } of parts) {
    const path = join(resolve(folder), file);
    if (!existsSync(path)) {
      notes.push(`${file}: not in ${folder}`);
      continue;
    }
    const { cases, precision } = handlers;
    const given = (JSON.parse(readFileSync(path, 'utf8')) as GoldenCase[]).filter((one) => kind === undefined || one.kind === kind);
    for (const one of given) {
      const key = `${file} ${one.method}`;
      const row = rows.get(key) ?? { file, method: one.method, tolerance: new Set(), passed: 0, failed: 0, leftOut: 0, unmapped: 0 };
      rows.set(key, row);
      const handler = handlerFor(cases, one);
      const verdict = handler ? await judge(handler, one, precision) : { unmapped: true as const };
      if ('unmapped' in verdict) {
        row.unmapped++;
        notes.push(`unmapped  ${file} ${one.id}`);
      } else if ('skip' in verdict) {
        row.leftOut++;
        notes.push(`left out  ${file} ${one.id}: ${verdict.skip}`);
      } else {
        // A case without a reference may have none.
        if (one.tolerance !== undefined) row.tolerance.add(toleranceOf(one, precision));
        if (verdict.failures.length === 0) row.passed++;
        else {
          row.failed++;
          for (const failure of verdict.failures) notes.push(`FAILED    ${file} ${one.id}: ${failure}`);
        }
      }
    }
  }
  for (const line of groupNotes(notes)) console.log(line);
  console.log(table([...rows.values()]));
  return [...rows.values()].reduce((sum, row) => sum + row.failed, 0);
}

type Verdict = { readonly failures: readonly string[] } | { readonly skip: string } | { readonly unmapped: true };

async function judge(handler: Handler, given: GoldenCase, precision: Precision): Promise<Verdict> {
  const tolerance = toleranceOf(given, precision);
  engine().startScope();
  try {
    const outcome = await handler(given);
    if (outcome === undefined) return { unmapped: true };
    if ('skip' in outcome) return outcome;
    if (outcome.length === 0) return { failures: ['the handler checked nothing'] };
    return { failures: outcome.map((check) => complaint(check, tolerance)).filter((text) => text !== undefined) };
  } catch (error) {
    return { failures: [error instanceof Error ? `${error.name}: ${error.message}` : String(error)] };
  } finally {
    engine().endScope();
  }
}

function complaint(check: Check, tolerance: number): string | undefined {
  if ('holds' in check) return check.holds ? undefined : `does not hold: ${check.name}`;
  const ratio = deviation(check.got, check.expected, tolerance, check.scale);
  return ratio <= 1 ? undefined : `${check.name} is off by ${ratio.toPrecision(3)} × the tolerance ${tolerance}`;
}

function toleranceOf(given: GoldenCase, precision: Precision): number {
  return precision === 'float32' ? Math.max(given.tolerance, 1e-4) : given.tolerance;
}

/** One line per method/variant rather than one per case, where there is nothing else to say. */
function groupNotes(notes: readonly string[]): string[] {
  const groups = new Map<string, number>();
  for (const note of notes) {
    const key = note.startsWith('unmapped') ? note.split('/').slice(0, 2).join('/') : note;
    groups.set(key, (groups.get(key) ?? 0) + 1);
  }
  return [...groups]
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([note, count]) => (note.startsWith('unmapped') ? `${note} (${count})` : note));
}

const rank = (note: string) => (note.startsWith('FAILED') ? 2 : note.startsWith('left') ? 1 : 0);

function table(rows: readonly Row[]): string {
  const head = ['file', 'method', 'tolerance', 'passed', 'failed', 'left out', 'unmapped'];
  const sum = (key: 'passed' | 'failed' | 'leftOut' | 'unmapped') => rows.reduce((total, row) => total + row[key], 0);
  const body = rows.map((row) => [
    row.file,
    row.method,
    [...row.tolerance]
      .sort((a, b) => a - b)
      .map((t) => t.toExponential())
      .join(' ') || '-',
    ...[row.passed, row.failed, row.leftOut, row.unmapped].map(String),
  ]);
  const foot = ['total', '', '', ...[sum('passed'), sum('failed'), sum('leftOut'), sum('unmapped')].map(String)];
  const all = [head, ...body, foot];
  const widths = head.map((_, column) => Math.max(...all.map((cells) => cells[column]!.length)));
  return all.map((cells) => cells.map((cell, i) => (i < 3 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')).join('\n');
}
