import { Tokenizer } from '@huggingface/tokenizers';
import { patternFault } from './pattern-fault';

/** What makes a section of a tokenizer.json (`normalizer`, `pre_tokenizer`, `post_processor`, `decoder`) unfit to run, or undefined. */
export function sectionFault(section: unknown): string | undefined {
  const growth = { factor: 1, added: 0, parts: 0 };
  const fault = faultOf(section, growth, 0);
  if (fault) return fault;
  if (growth.factor > 4096) return 'replacements that may lengthen a text without bound';
  return growth.added > 4096 ? 'more than 4,096 characters put before a text' : undefined;
}

interface Growth {
  /** How many times longer a text may become, and by how many characters besides. */
  factor: number;
  added: number;
  /** Objects and lists seen. */
  parts: number;
}

function faultOf(value: unknown, growth: Growth, depth: number): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > 20) return 'more than 20 levels';
  if (++growth.parts > 2000) return 'more than 2,000 parts';
  const { type, pattern, content, length, prepend } = value as { readonly [key: string]: unknown };
  if (type === 'FixedLength' && !(Number.isInteger(length) && (length as number) > 0)) return 'pieces of no length';
  if ((pattern !== undefined || type === 'Replace' || type === 'Split') && !isPattern(pattern))
    return 'a pattern that is neither { String } nor { Regex }';
  if (typeof prepend === 'string') growth.added += prepend.length;
  if (type === 'Replace' && typeof content === 'string') growth.factor *= growthOf(pattern, content);
  for (const [key, inner] of Object.entries(value)) {
    const fault = key === 'Regex' ? regexFault(inner) : faultOf(inner, growth, depth + 1);
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

function regexFault(pattern: unknown): string | undefined {
  if (typeof pattern !== 'string' || pattern.length > 4000) return 'a pattern of more than 4,000 characters';
  const source = compiled(pattern);
  const fault = source === undefined ? 'not a regular expression' : patternFault(source);
  return fault && `the pattern ${pattern.length > 200 ? `${pattern.slice(0, 200)}…` : pattern} (${fault})`;
}

/** What the library makes of a pattern written for Oniguruma, which is what will run. */
function compiled(pattern: string): string | undefined {
  const config = {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
    post_processor: null,
    decoder: null,
    model: { type: 'WordPiece', vocab: { '[UNK]': 0 }, unk_token: '[UNK]' },
  };
  try {
    return (new Tokenizer(config, {}).pre_tokenizer as unknown as { readonly pattern: RegExp }).pattern.source;
  } catch {
    return undefined;
  }
}
