/** A JavaScript regular expression (flag u) as a tree. An assertion has width 0; what a look-around looks for is its body. */
export type PatternTree =
  | { readonly kind: 'character'; readonly source: string }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternTree[] }
  | { readonly kind: 'choice'; readonly parts: readonly PatternTree[] }
  | { readonly kind: 'repeat'; readonly body: PatternTree; readonly min: number; readonly max: number }
  | { readonly kind: 'assertion'; readonly body?: PatternTree; readonly behind?: boolean };

const tokens = {
  open: /\((?:\?(?:(<?[=!])|<([^>]+)>|[a-z-]*:))?/y,
  anchor: /[\^$]|\\[bB]/y,
  reference: /\\(?:k<([^>]+)>|([1-9]\d*))/y,
  character:
    /\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\[pPu]\{[^}]*\}|\\u[\da-fA-F]{4}|\\x[\da-fA-F]{2}|\\c[a-zA-Z]|\\.|\[(?:\\.|[^\]\\])*\]|./suy,
  quantifier: /(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/y,
};

/** Parses what `new RegExp(source, 'u')` has accepted; undefined for groups more than 100 deep and for references to a group that is not complete. */
export function patternTree(source: string): PatternTree | undefined {
  const groups = new Map<string, PatternTree | undefined>();
  let at = 0;
  let captures = 0;
  let fit = true;

  function take(token: RegExp): RegExpExecArray | null {
    token.lastIndex = at;
    const found = token.exec(source);
    if (found) at = token.lastIndex;
    return found;
  }

  function choice(depth: number): PatternTree {
    if (depth > 100) fit = false;
    const parts = [sequence(depth)];
    while (source[at] === '|') {
      at++;
      parts.push(sequence(depth));
    }
    return parts.length === 1 ? parts[0]! : { kind: 'choice', parts };
  }

  function sequence(depth: number): PatternTree {
    const parts: PatternTree[] = [];
    while (fit && at < source.length && source[at] !== '|' && source[at] !== ')') {
      const body = term(depth);
      const found = take(tokens.quantifier);
      if (!found) parts.push(body);
      else {
        const [, sign, least, comma, most] = found;
        const min = sign ? Number(sign === '+') : Number(least);
        const max = sign ? (sign === '?' ? 1 : Number.POSITIVE_INFINITY) : most ? Number(most) : comma ? Number.POSITIVE_INFINITY : min;
        parts.push({ kind: 'repeat', body, min, max });
      }
    }
    return { kind: 'sequence', parts };
  }

  function term(depth: number): PatternTree {
    const open = take(tokens.open);
    if (open) {
      const [text, look, name] = open;
      const names = text === '(' || name ? [String(++captures), ...(name ? [name] : [])] : [];
      const body = choice(depth + 1);
      at++;
      for (const key of names) groups.set(key, body);
      return look ? { kind: 'assertion', body, behind: look.startsWith('<') } : body;
    }
    if (take(tokens.anchor)) return { kind: 'assertion' };
    const reference = take(tokens.reference);
    if (reference) {
      const group = groups.get((reference[1] ?? reference[2])!);
      if (!group) fit = false;
      return { kind: 'sequence', parts: [...(group ? [group] : []), { kind: 'assertion' }] }; // matches what the group does, or fails
    }
    return { kind: 'character', source: take(tokens.character)![0] };
  }

  const tree = choice(0);
  return fit ? tree : undefined;
}
