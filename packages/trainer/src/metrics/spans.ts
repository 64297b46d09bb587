import { assertSameLength, averaged, ratio, scoresFromCounts } from './classification';

/** [type, first, last], both ends counted in. */
export type Span = readonly [type: string, first: number, last: number];

/** `default`: conlleval's rules, an I- tag without an open span of its type opens one; `strict`: IOB2, a span begins with B- and only there. */
export type SpanMode = 'default' | 'strict';

export interface PrecisionRecallF1 {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** The spans of one sequence of BIO tags (in `default` mode BIOES too). */
export function spansOf(tags: readonly string[], mode: SpanMode = 'default'): Span[] {
  const spans: Span[] = [];
  let first = -1;
  let before = { prefix: 'O', type: '' };
  for (let i = 0; i <= tags.length; i++) {
    const now = parsed(tags[i] ?? 'O');
    if (first >= 0 && (mode === 'strict' ? !continuesStrictly(before, now) : ends(before, now))) {
      spans.push([before.type, first, i - 1]);
      first = -1;
    }
    if (mode === 'strict' ? now.prefix === 'B' : starts(before, now)) first = i;
    before = now;
  }
  return spans;
}

/**
 * Precision, recall and F1 over spans that agree in type and both ends (CoNLL 2003; seqeval): `micro` over all spans, `macro` and `weighted` over types.
 * Sequences are given one by one; 0 where a denominator is 0.
 */
export function spanScores(
  targets: readonly (readonly string[])[],
  predictions: readonly (readonly string[])[],
  mode: SpanMode = 'default',
): { readonly micro: PrecisionRecallF1; readonly macro: PrecisionRecallF1; readonly weighted: PrecisionRecallF1 } {
  assertSameLength(targets, predictions);
  const counts = new Map<string, { both: number; predicted: number; target: number }>();
  const of = (type: string) => {
    const known = counts.get(type) ?? { both: 0, predicted: 0, target: 0 };
    counts.set(type, known);
    return known;
  };
  targets.forEach((sequence, i) => {
    assertSameLength(sequence, predictions[i]!);
    const gold = spansOf(sequence, mode);
    const found = new Set(gold.map((span) => span.join('\u0000')));
    for (const [type] of gold) of(type).target++;
    for (const span of spansOf(predictions[i]!, mode)) {
      of(span[0]).predicted++;
      if (found.has(span.join('\u0000'))) of(span[0]).both++;
    }
  });
  const all = [...counts.values()];
  const sum = (key: 'both' | 'predicted' | 'target') => all.reduce((total, count) => total + count[key], 0);
  const scores = scoresFromCounts(
    all.map(({ both }) => both),
    all.map(({ predicted }) => predicted),
    all.map(({ target }) => target),
  );
  const mean = (average: 'macro' | 'weighted') => ({
    precision: averaged(scores, 'precision', average),
    recall: averaged(scores, 'recall', average),
    f1: averaged(scores, 'f1', average),
  });
  return {
    micro: {
      precision: ratio(sum('both'), sum('predicted')),
      recall: ratio(sum('both'), sum('target')),
      f1: ratio(2 * sum('both'), sum('predicted') + sum('target')),
    },
    macro: mean('macro'),
    weighted: mean('weighted'),
  };
}

interface Tag {
  readonly prefix: string;
  readonly type: string;
}

/** `B-order-id` → B, order-id; a bare prefix has the type `_`. */
function parsed(tag: string): Tag {
  const rest = tag.slice(1);
  const dash = rest.indexOf('-');
  return { prefix: tag[0] ?? 'O', type: (dash < 0 ? rest : rest.slice(dash + 1)) || '_' };
}

function continuesStrictly(before: Tag, now: Tag): boolean {
  return (before.prefix === 'B' || before.prefix === 'I') && now.prefix === 'I' && now.type === before.type;
}

/** conlleval's end of a chunk. */
function ends(before: Tag, now: Tag): boolean {
  if (before.prefix === 'E' || before.prefix === 'S') return true;
  if ((before.prefix === 'B' || before.prefix === 'I') && 'BSO'.includes(now.prefix)) return true;
  return before.prefix !== 'O' && before.prefix !== '.' && before.type !== now.type;
}

/** conlleval's start of a chunk. */
function starts(before: Tag, now: Tag): boolean {
  if (now.prefix === 'B' || now.prefix === 'S') return true;
  if ('ESO'.includes(before.prefix) && (now.prefix === 'E' || now.prefix === 'I')) return true;
  return now.prefix !== 'O' && now.prefix !== '.' && before.type !== now.type;
}
