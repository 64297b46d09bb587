/** What makes a section of a tokenizer.json (`normalizer`, `pre_tokenizer`, `post_processor`, `decoder`) unfit to run, or undefined. */
export function sectionFault(section: unknown): string | undefined {
  const growth = { factor: 1 };
  return faultOf(section, growth, 0) ?? (growth.factor > 4096 ? 'replacements that may lengthen a text without bound' : undefined);
}

function faultOf(value: unknown, growth: { factor: number }, depth: number): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > 20) return 'more than 20 levels';
  const { type, pattern, content, length } = value as { type?: unknown; pattern?: unknown; content?: unknown; length?: unknown };
  if (type === 'FixedLength' && !(Number.isInteger(length) && (length as number) > 0)) return 'pieces of no length';
  if ((pattern !== undefined || type === 'Replace' || type === 'Split') && !isPattern(pattern))
    return 'a pattern that is neither { String } nor { Regex }';
  if (type === 'Replace' && typeof content === 'string') growth.factor *= growthOf(pattern, content);
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'Regex' && (typeof inner !== 'string' || inner.length > 4000)) return 'a pattern of more than 4,000 characters';
    if (key === 'Regex' && repeatsRepetition(inner as string)) return 'a pattern with unbounded repetition inside unbounded repetition';
    const fault = faultOf(inner, growth, depth + 1);
    if (fault) return fault;
  }
  return undefined;
}

function isPattern(pattern: unknown): boolean {
  const { Regex, String: literal } = (pattern ?? {}) as { Regex?: unknown; String?: unknown };
  return typeof Regex === 'string' || typeof literal === 'string';
}

/** By what factor a replacement may lengthen a text. */
function growthOf(pattern: unknown, content: string): number {
  const literal = (pattern as { String?: string } | undefined)?.String;
  return literal ? Math.max(1, content.length / literal.length) : content.length + 1;
}

/** Whether an unbounded quantifier applies to a group that holds one: the form of a pattern that can take exponential time. */
export function repeatsRepetition(pattern: string): boolean {
  const open: boolean[] = [false]; // for each open group: does it hold an unbounded quantifier?
  for (let i = 0; i < pattern.length; i++) {
    let closed = false;
    if (pattern[i] === '(') {
      open.push(false);
      continue;
    }
    if (pattern[i] === '\\') i++;
    else if (pattern[i] === '[') i = classEnd(pattern, i);
    else if (pattern[i] === ')' && open.length > 1) closed = open.pop()!;
    const repeated = /^(?:[*+]|\{\d*,\})/.test(pattern.slice(i + 1, i + 12));
    if (closed && repeated) return true;
    if (closed || repeated) open[open.length - 1] = true;
  }
  return false;
}

/** Where a character class ends; Oniguruma lets classes hold classes. */
function classEnd(pattern: string, start: number): number {
  let depth = 0;
  for (let i = start; i < pattern.length; i++) {
    if (pattern[i] === '\\') i++;
    else if (pattern[i] === '[') depth++;
    else if (pattern[i] === ']' && --depth === 0) return i;
  }
  return pattern.length;
}
