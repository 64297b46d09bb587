import type { PatternTree } from './pattern-tree';

/** How many ways lead to a position, counted up to 2. */
type Ways = ReadonlyMap<number, number>;

/** Glushkov's automaton of a pattern: a position per character, and the ways from each to the next. Position 0 is the start. */
export interface PatternAutomaton {
  /** The source of each position's character; '' at the start. */
  readonly characters: readonly string[];
  readonly next: readonly Ways[];
  /** Positions that are the end of a match, or can only be followed by one: a matcher that gets there never comes back. */
  readonly final: ReadonlySet<number>;
}

interface Part {
  readonly first: Ways;
  readonly last: Ways;
  /** Ways to match nothing. */
  readonly empty: number;
  /** Positions after which nothing of the part can fail, and whether the part can be left out without any assertion. */
  readonly sure: ReadonlySet<number>;
  readonly sureWhenEmpty: boolean;
}

/** A count is written out up to this many copies, those of enclosing counts multiplied in; beyond it, it is taken as unbounded. */
const mostCopies = 12;
const mostPositions = 2000;

const nothing: Part = { first: new Map(), last: new Map(), empty: 1, sure: new Set(), sureWhenEmpty: true };
const assertion: Part = { ...nothing, sureWhenEmpty: false };

/**
 * The automaton of a pattern and those of its look-arounds, each of which is matched on its own.
 * A string where there is none: what speaks against the pattern.
 */
export function patternAutomata(tree: PatternTree): PatternAutomaton[] | string {
  const behind = new Map([[tree, false]]); // grows while it is walked
  const automata: PatternAutomaton[] = [];
  for (const [body, backwards] of behind) {
    const made = automatonOf(body, (inner, before) => behind.has(inner) || behind.set(inner, before));
    if (typeof made === 'string') return made;
    automata.push(backwards ? { ...made, final: new Set() } : made);
  }
  return automata;
}

function automatonOf(tree: PatternTree, lookAround: (body: PatternTree, behind: boolean) => void): PatternAutomaton | string {
  const characters = [''];
  const next: Map<number, number>[] = [new Map()];
  let fault: string | undefined;

  function link(from: Ways, to: Ways): void {
    for (const [a, n] of from) for (const [b, m] of to) next[a]!.set(b, Math.min(2, (next[a]!.get(b) ?? 0) + n * m));
  }

  function build(node: PatternTree, copies: number): Part {
    if (fault) return nothing;
    if (node.kind === 'character') {
      const position = characters.push(node.source) - 1;
      next.push(new Map());
      if (position > mostPositions) fault = `more than ${mostPositions} characters, repetitions written out`;
      const only = new Map([[position, 1]]);
      return { first: only, last: only, empty: 0, sure: new Set([position]), sureWhenEmpty: false };
    }
    if (node.kind === 'assertion') {
      if (node.body) lookAround(node.body, node.behind === true);
      return assertion;
    }
    if (node.kind === 'sequence') return node.parts.reduce<Part>((before, part) => then(before, build(part, copies)), nothing);
    if (node.kind === 'choice') return node.parts.map((part) => build(part, copies)).reduce(or);
    const { body, min, max } = node;
    if (max === 0) return nothing;
    if (max <= 1) return min === 1 ? build(body, copies) : optional(build(body, copies));
    if (max * copies <= mostCopies) {
      const once = () => build(body, copies * max);
      let rest = nothing;
      for (let copy = min; copy < max; copy++) rest = optional(then(once(), rest));
      for (let copy = 0; copy < min; copy++) rest = then(once(), rest);
      return rest;
    }
    const part = build(body, max === Number.POSITIVE_INFINITY ? copies : mostCopies);
    if (part.empty > 0 && min > 1) fault = 'a repetition of what can be empty';
    link(part.last, part.first);
    const certain = min > 1 ? { ...part, sure: new Set<number>() } : part;
    return min === 0 ? optional(certain) : certain;
  }

  function then(a: Part, b: Part): Part {
    link(a.last, b.first);
    return {
      first: union(a.first, b.first, a.empty),
      last: union(b.last, a.last, b.empty),
      empty: Math.min(2, a.empty * b.empty),
      sure: b.sureWhenEmpty ? new Set([...a.sure, ...b.sure]) : b.sure,
      sureWhenEmpty: a.sureWhenEmpty && b.sureWhenEmpty,
    };
  }

  const whole = build(tree, 1);
  if (fault) return fault;
  link(new Map([[0, 1]]), whole.first);
  return { characters, next, final: whole.sure };
}

function or(a: Part, b: Part): Part {
  return {
    first: union(a.first, b.first, 1),
    last: union(a.last, b.last, 1),
    empty: Math.min(2, a.empty + b.empty),
    sure: new Set([...a.sure, ...b.sure]),
    sureWhenEmpty: a.sureWhenEmpty || b.sureWhenEmpty,
  };
}

/** JavaScript rejects empty iterations, so that there is one way to match nothing. */
function optional(part: Part): Part {
  return { ...part, empty: 1, sureWhenEmpty: true };
}

function union(a: Ways, b: Ways, times: number): Ways {
  if (times === 0) return a;
  const both = new Map(a);
  for (const [position, n] of b) both.set(position, Math.min(2, (both.get(position) ?? 0) + n * times));
  return both;
}
