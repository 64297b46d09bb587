import { hostRandom, TaskloomError } from '@taskloom/core';
import { badData, type DataProvider } from './data-provider';
import { type Document, documentOf, readDocument } from './document';
import type { PlacedRow } from './labels';
import type { SourcePlan, SplitName } from './source-plan';

/** The rows of one source in one split, as they were read. */
export interface SourceRows {
  readonly plan: SourcePlan;
  readonly rows: readonly PlacedRow[];
  /** One document a row, or two where the row is a pair. */
  readonly documents: readonly (readonly Document[])[];
}

/**
 * Reads a source's rows for a split; undefined where it has none. A fraction as `validation` takes that share of the training rows, the same
 * ones for the same seed, and leaves the others for training.
 */
export async function readSource(plan: SourcePlan, split: SplitName, data: DataProvider, seed: number): Promise<SourceRows | undefined> {
  const heldOut = typeof plan.validation === 'number' ? plan.validation : 0;
  const files = split === 'test' ? plan.test : split === 'validation' && typeof plan.validation !== 'number' ? plan.validation : plan.train;
  if (!files) return undefined;
  let rows = await readFiles(files, data);
  if (heldOut > 0 && split !== 'test') {
    const order = hostRandom(seed).fold('held out').fold(plan.name).permutation(rows.length);
    const count = Math.max(1, Math.round(heldOut * rows.length));
    const chosen = new Set(order.subarray(0, count));
    rows = rows.filter((_, i) => chosen.has(i) === (split === 'validation'));
  }
  if (rows.length === 0)
    throw new TaskloomError('bad_data', `Source '${plan.name}' has no rows for the ${split} split (${files.join(', ')}).`, {
      name: files.join(', '),
    });
  return { plan, rows, documents: rows.map((placed) => documentsOf(placed, plan)) };
}

async function readFiles(files: readonly string[], data: DataProvider): Promise<PlacedRow[]> {
  const placed: PlacedRow[] = [];
  for (const file of files) {
    const rows = await data.rows(file);
    for (const [i, row] of rows.entries()) placed.push({ row, place: { file, row: i + 1 } });
  }
  return placed;
}

function documentsOf({ row, place }: PlacedRow, { input }: SourcePlan): readonly Document[] {
  if (input.kind === 'single') return [readDocument(row, place, input)];
  return [input.a, input.b].map((column) => {
    const text = row[column];
    if (typeof text !== 'string' || text === '') throw badData(place, column, 'A text is needed.', text);
    return documentOf(text);
  });
}
