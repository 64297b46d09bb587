import { TaskloomError } from '@taskloom/core/host';

/** A labelled stretch `[start, end)`: of tokens, or of characters where a function says so. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly label: string;
}

/**
 * How tags that break the scheme are read. `conlleval` (CoNLL-2000's script): an I- behind O or another label begins a span. `strict` (IOB2): only B- begins
 * one; an I- that continues nothing belongs to none.
 */
export type TagReading = 'conlleval' | 'strict';

/** BIO tags of `length` tokens. Spans must be inside and must not overlap. */
export function spansToTags(spans: readonly Span[], length: number): string[] {
  const tags = new Array<string>(length).fill('O');
  for (const { start, end, label } of spans) {
    if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end > length || start >= end)
      throw new TaskloomError('span_invalid', 'A span is not inside the tokens.', {
        name: label,
        got: [start, end],
        expected: `0 ≤ start < end ≤ ${length}`,
      });
    for (let i = start; i < end; i++) {
      if (tags[i] !== 'O')
        throw new TaskloomError('span_invalid', 'Two spans overlap; BIO tags cannot say so.', { name: label, got: [start, end] });
      tags[i] = `${i === start ? 'B' : 'I'}-${label}`;
    }
  }
  return tags;
}

/** Spans of BIO tags, in order. What is neither B- nor I- is outside. */
export function tagsToSpans(tags: readonly string[], reading: TagReading = 'conlleval'): Span[] {
  const spans: Span[] = [];
  let open: { start: number; label: string } | undefined;
  const close = (end: number) => {
    if (open) spans.push({ start: open.start, end, label: open.label });
    open = undefined;
  };
  tags.forEach((tag, i) => {
    const label = tag.slice(2);
    const begins = tag.startsWith('B-');
    const continues = tag.startsWith('I-');
    if (continues && open?.label === label) return;
    close(i);
    if (begins || (continues && reading === 'conlleval')) open = { start: i, label };
  });
  close(tags.length);
  return spans;
}

/** Which tokens an encoded text's spans are in, where it was encoded as a pair. */
export interface SpanSide {
  /** As `encode` gives them. @default every token is of the text */
  readonly sequences?: Int32Array;
  /** 0 for the text, 1 for its pair. @default 0 */
  readonly sequence?: 0 | 1;
}

/**
 * Character spans as token spans: every token that a span touches belongs to it. `offsets` as of `wordTokens` or a tokeniser's `encode`; tokens of empty
 * stretch (`[CLS]`) are in no span. A span that touches no token is left out.
 */
export function characterToTokenSpans(spans: readonly Span[], offsets: Int32Array, { sequences, sequence = 0 }: SpanSide = {}): Span[] {
  const count = offsets.length / 2;
  return spans.flatMap(({ start, end, label }) => {
    let first = -1;
    let last = -1;
    for (let i = 0; i < count; i++) {
      const from = offsets[2 * i]!;
      const to = offsets[2 * i + 1]!;
      if (from >= to || from >= end || to <= start || (sequences && sequences[i] !== sequence)) continue;
      if (first < 0) first = i;
      last = i;
    }
    return first < 0 ? [] : [{ start: first, end: last + 1, label }];
  });
}

/** Token spans as character spans of the text that the offsets point into. */
export function tokenToCharacterSpans(spans: readonly Span[], offsets: Int32Array): Span[] {
  return spans.map(({ start, end, label }) => ({ start: offsets[2 * start]!, end: offsets[2 * end - 1]!, label }));
}
