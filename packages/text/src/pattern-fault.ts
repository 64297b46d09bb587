import { type PatternAutomaton, patternAutomata } from './pattern-automaton';
import { patternTree } from './pattern-tree';

/** How much is compared before a pattern counts as too complex. */
const mostSteps = 400_000;
/** log₂ of the ways in which a pattern may match one text, repetitions apart. */
const mostChoices = 16;

/**
 * What makes a regular expression of JavaScript (flag u) too slow on some text, or undefined.
 *
 * A backtracking matcher takes exponential time where two ways through a repetition read the same text and meet again (`(a+)+`, `(a|aa)*`: the
 * automaton is exponentially ambiguous), and at least cubic time where two repetitions one after the other can share out a text (`a*a*b`). The rule is
 * Weber and Seidl's (On the degree of ambiguity of finite automata, 1991) on Glushkov's automaton. It errs on the safe side: long counts
 * (`(…){20}`) are taken as unbounded, and look-arounds as fulfilled.
 */
export function patternFault(source: string): string | undefined {
  const tree = patternTree(source);
  if (!tree) return 'groups too deep, or a reference to a group that is not complete';
  const automata = patternAutomata(tree);
  if (typeof automata === 'string') return automata;
  const sets = new Map<string, readonly number[]>();
  for (const { characters } of automata)
    for (const character of new Set(characters)) if (!sets.has(character)) sets.set(character, rangesOf(character));
  for (const automaton of automata) {
    const fault = faultOf(automaton, sets);
    if (fault) return fault;
  }
  return undefined;
}

function faultOf(automaton: PatternAutomaton, sets: ReadonlyMap<string, readonly number[]>): string | undefined {
  const { characters, final } = automaton;
  const next = automaton.next.map((ways) => new Map([...ways].filter(([position]) => !final.has(position))));
  const component = componentsOf(next);
  const cyclic = new Set(
    next.flatMap((ways, q) => [...ways.keys()].filter((p) => component[p] === component[q]).map((p) => component[p]!)),
  );
  const met = new Map<string, boolean>();
  let steps = 0;
  const overlap = (a: number, b: number): boolean => {
    steps++;
    const key = `${characters[a]} ${characters[b]}`;
    if (!met.has(key)) met.set(key, intersects(sets.get(characters[a]!)!, sets.get(characters[b]!)!));
    return met.get(key)!;
  };

  // Two ways that have read the same text since they parted: within one repetition, or one in it and the other behind it.
  const pairs: (readonly [number, number])[] = [];
  const known = new Set<number>();
  const push = (a: number, b: number) => {
    const key = a * next.length + b;
    if (!known.has(key)) {
      known.add(key);
      pairs.push([a, b]);
    }
  };
  const choices: number[] = next.map((ways, q) => {
    let most = 1;
    for (const [a, n] of ways) {
      let same = n;
      for (const [b, m] of ways) {
        if (steps > mostSteps) return most;
        if (a === b || !overlap(a, b)) continue;
        same += m;
        if (component[a] === component[q] && cyclic.has(component[q]!)) push(a, b);
      }
      most = Math.max(most, same);
    }
    return Math.log2(most);
  });
  for (const [q, ways] of next.entries())
    for (const [a, n] of ways) if (n > 1 && component[a] === component[q]) return 'a repetition that can match one text in several ways';
  for (const [a, b] of pairs) {
    const home = component[a];
    for (const c of next[a]!.keys()) {
      if (component[c] !== home) continue;
      for (const d of next[b]!.keys()) {
        if (steps > mostSteps) return 'more ways to match than can be judged';
        if (!overlap(c, d)) continue;
        if (component[b] === home && component[d] === home) {
          if (c === d) return 'a repetition that can match one text in several ways';
        } else if (component[b] !== home && component[d] === component[b]) {
          return 'two repetitions that can share out one text in many ways';
        }
        if (c !== d) push(c, d);
      }
    }
  }
  if (steps > mostSteps) return 'more ways to match than can be judged';
  return longestPath(next, component, choices) > mostChoices ? 'too many ways to match one text' : undefined;
}

/** Strongly connected components (Tarjan), numbered so that every edge between two goes to the smaller number. */
function componentsOf(next: PatternAutomaton['next']): number[] {
  const component: number[] = [];
  const order: number[] = [];
  const low: number[] = [];
  const stack: number[] = [];
  let count = 0;
  let visited = 0;
  const visit = (q: number): void => {
    low[q] = order[q] = visited++;
    stack.push(q);
    for (const p of next[q]!.keys()) {
      if (order[p] === undefined) visit(p);
      if (component[p] === undefined) low[q] = Math.min(low[q]!, low[p]!);
    }
    if (low[q] !== order[q]) return;
    let p: number;
    do {
      p = stack.pop()!;
      component[p] = count;
    } while (p !== q);
    count++;
  };
  for (const q of next.keys()) if (order[q] === undefined) visit(q);
  return component;
}

/** The greatest sum of choices along a path, each repetition counted once. */
function longestPath(next: PatternAutomaton['next'], component: readonly number[], choices: readonly number[]): number {
  const members = Array.from({ length: Math.max(...component) + 1 }, (): number[] => []);
  for (const [q, own] of component.entries()) members[own]!.push(q);
  const sums: number[] = [];
  for (const [own, positions] of members.entries()) {
    const behind = positions.flatMap((q) => [...next[q]!.keys()].filter((p) => component[p] !== own).map((p) => sums[component[p]!]!));
    sums[own] = Math.max(...positions.map((q) => choices[q]!)) + Math.max(0, ...behind);
  }
  return sums[component[0]!]!;
}

let everything: string | undefined;

/** What a character or class matches among the code points below 0x20000, as [start, end) pairs of offsets in the string of them all. */
function rangesOf(source: string): number[] {
  if (source === '') return [];
  everything ??= Array.from({ length: 0x20000 }, (_, code) => (code >= 0xd800 && code < 0xe000 ? '' : String.fromCodePoint(code))).join('');
  return [...everything.matchAll(new RegExp(`(?:${source})+`, 'gu'))].flatMap((found) => [found.index, found.index + found[0].length]);
}

function intersects(a: readonly number[], b: readonly number[]): boolean {
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i]! < b[j + 1]! && b[j]! < a[i + 1]!) return true;
    if (a[i + 1]! < b[j + 1]!) i += 2;
    else j += 2;
  }
  return false;
}
