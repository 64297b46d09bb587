import type { Diagnosis } from './diagnosis';
import { type Spread, standardError } from './statistics';

/**
 * `normalize`: gradients of very different size. `apart`: one task works against the others. `conflict`: tasks work against each other, and it is not one alone.
 * `sum`: nothing speaks against summing the losses. `noise`: what a batch says of a task is mostly chance. `course`: conflict changes in the course of training.
 * `undecided`: too little was measured.
 */
export type VerdictKind = 'sum' | 'normalize' | 'apart' | 'conflict' | 'course' | 'noise' | 'undecided';

/** A piece of advice in plain words, and the numbers behind it. */
export interface Verdict {
  readonly kind: VerdictKind;
  readonly tasks: readonly string[];
  readonly text: string;
  readonly evidence: { readonly [name: string]: number };
}

type Numbers = Omit<Diagnosis, 'verdicts'>;

/** Measurements of a pair below which nothing is said about it. */
const fewest = 5;
/** A mean cosine (without noise where that is known) this far below 0 matters. */
const harmful = -0.1;
/** Times the gradient of the rest from which one task drives the sum, or, inverted, has no say in it. */
const dominant = 10;
/** A task's gradient of which less than this part is signal is noise. */
const noisy = 0.1;

/** The rules; each is tested on problems whose answer is known. */
export function verdictsOf(numbers: Numbers): Verdict[] {
  const { tasks } = numbers;
  if (tasks.length < 2)
    return [{ kind: 'sum', tasks: tasks.map(({ task }) => task), text: 'There is one task: nothing to balance.', evidence: {} }];
  const pairs = pairsOf(numbers);
  const seen = pairs.filter(({ cosine }) => cosine.count >= fewest);
  if (seen.length === 0)
    return [
      {
        kind: 'undecided',
        tasks: [],
        text: `No two tasks were measured together ${fewest} times or more: take more measurements, on batches that hold labels of several tasks.`,
        evidence: { measurements: numbers.measurements },
      },
    ];
  const sizes = sizeVerdicts(numbers);
  const conflicts = conflictVerdicts(numbers, seen);
  const sum: Verdict[] = conflicts.length > 0 ? [] : [sumVerdict(numbers, seen, sizes.length > 0)];
  // Where directions agree and sizes don't, the sizes are the news.
  return [...conflicts, ...sizes, ...sum, ...courseVerdict(numbers), ...noiseVerdicts(numbers)];
}

interface Pair {
  readonly i: number;
  readonly j: number;
  readonly cosine: Spread;
  /** The cosine that counts: without batch noise where that is known. */
  readonly effect: number;
}

function pairsOf({ tasks, cosine, corrected }: Numbers): Pair[] {
  return tasks.flatMap((_, i) =>
    tasks.slice(0, i).map((_, j) => {
      const own = corrected?.[i]?.[j];
      const spread = cosine[i]![j]!;
      return { i, j, cosine: spread, effect: own !== undefined && Number.isFinite(own) ? own : spread.mean };
    }),
  );
}

/** Standard errors that a mean must be away from 0 so that, of so many, none is by chance in 95 of 100 cases: P(Z > z) ≤ e^(−z²/2). */
function errorsNeeded(comparisons: number): number {
  return Math.sqrt(2 * Math.log(20 * comparisons));
}

function below(spread: Spread, comparisons: number): boolean {
  return spread.count >= fewest && spread.mean + errorsNeeded(comparisons) * standardError(spread) < 0;
}

function conflictVerdicts(numbers: Numbers, seen: readonly Pair[]): Verdict[] {
  const { tasks } = numbers;
  const conflicting = seen.filter(({ cosine, effect }) => effect <= harmful && below(cosine, seen.length));
  const apart = outsiders(numbers, conflicting);
  const left = conflicting.filter(({ i, j }) => !apart.includes(i) && !apart.includes(j));
  const verdicts: Verdict[] = [];
  for (const i of apart) {
    const { task, withRest, received } = tasks[i]!;
    verdicts.push({
      kind: 'apart',
      tasks: [task],
      text: `Train \`${task}\` apart: its gradient points against the rest (cosine ${signed(withRest.mean)} ± ${standardError(withRest).toFixed(2)})${
        received && received.mean < 0 ? `, and a step for another task raises its loss by ${percent(-received.mean)}` : ''
      }.`,
      evidence: {
        cosineWithRest: withRest.mean,
        standardError: standardError(withRest),
        ...(received ? { affinityReceived: received.mean } : {}),
      },
    });
  }
  if (left.length > 0) {
    const worst = [...left].sort((a, b) => a.effect - b.effect)[0]!;
    const name = (i: number) => `\`${tasks[i]!.task}\``;
    const involved = [...new Set(left.flatMap(({ i, j }) => [j, i]))].sort((a, b) => a - b);
    verdicts.push({
      kind: 'conflict',
      tasks: involved.map((i) => tasks[i]!.task),
      text: `${left.length} of ${seen.length} pairs of tasks conflict, ${name(worst.j)} and ${name(worst.i)} most (cosine ${signed(worst.effect)}): take a method that descends for all (upgrad, cagrad, nash-mtl), give them more parameters of their own, or train them apart. Compare with a tuned sum before you believe in it.`,
      evidence: {
        conflictingPairs: left.length,
        pairs: seen.length,
        cosine: worst.cosine.mean,
        standardError: standardError(worst.cosine),
        ...(worst.effect === worst.cosine.mean ? {} : { correctedCosine: worst.effect }),
        conflictShare: numbers.conflict.share,
      },
    });
  }
  return verdicts;
}

/** The fewest tasks, less than half, that are in all conflicts, each of them against the rest as a whole; none where there are no such tasks. */
function outsiders({ tasks }: Numbers, conflicting: readonly Pair[]): number[] {
  const found: number[] = [];
  let left = conflicting;
  while (left.length > 0) {
    const degree = tasks.map((_, i) => left.filter((pair) => pair.i === i || pair.j === i).length);
    const worst = degree.indexOf(Math.max(...degree));
    const { withRest, received } = tasks[worst]!;
    const harmed = received === undefined || received.count < fewest || received.mean < 0;
    if (2 * (found.length + 1) >= tasks.length || !below(withRest, tasks.length) || !harmed) return [];
    found.push(worst);
    left = left.filter(({ i, j }) => i !== worst && j !== worst);
  }
  return found;
}

function sizeVerdicts({ tasks }: Numbers): Verdict[] {
  const large = tasks.filter(({ dominance }) => dominance >= dominant);
  const verdict = (i: (typeof tasks)[number], text: string): Verdict => ({
    kind: 'normalize',
    tasks: [i.task],
    text,
    evidence: { dominance: i.dominance, lossRatio: i.lossRatio, norm: i.norm.mean, loss: i.loss.mean },
  });
  if (large.length > 0)
    return large.map((own) => {
      // Then a logarithm, which divides each gradient by its loss, takes most of the difference away.
      const byLoss = own.lossRatio >= own.dominance / 3;
      const why = byLoss
        ? `; its loss is ${times(own.lossRatio)} theirs: the scale-invariant \`log\` is enough`
        : `; its loss is ${times(own.lossRatio)} theirs, which does not explain it: balance gradients (imtl-g, aligned-mtl, nash-mtl)`;
      return verdict(
        own,
        `\`${own.task}\` has ${times(own.dominance)} the gradient of the rest: normalise${Number.isFinite(own.lossRatio) ? why : ''}.`,
      );
    });
  return tasks
    .filter(({ dominance }) => dominance <= 1 / dominant)
    .map((own) =>
      verdict(
        own,
        `\`${own.task}\` has ${times(1 / own.dominance, 'a ', 'th')} of the gradient of the rest and has no say in the sum: normalise, or give it a weight.`,
      ),
    );
}

function sumVerdict(numbers: Numbers, seen: readonly Pair[], sized: boolean): Verdict {
  const { tasks, directions, conflict } = numbers;
  const effects = seen.map(({ effect }) => effect);
  const mean = effects.reduce((sum, effect) => sum + effect / effects.length, 0);
  const how = mean > 0.1 ? 'pull the same way' : 'are nearly orthogonal: they neither help nor hinder each other';
  return {
    kind: 'sum',
    tasks: tasks.map(({ task }) => task),
    text: sized
      ? `In direction tasks do not conflict (mean cosine ${signed(mean)}): once their sizes are level, sum them.`
      : `Tasks do not conflict: sum them. They ${how} (mean cosine ${signed(mean)}, ${directions.mean.toFixed(1)} directions for ${tasks.length} tasks).`,
    evidence: { meanCosine: mean, leastCosine: Math.min(...effects), directions: directions.mean, conflictShare: conflict.share },
  };
}

function courseVerdict({ conflict }: Numbers): Verdict[] {
  const { trend, trendError, early, late, steps } = conflict;
  if (steps.length < fewest || Math.abs(late - early) < 0.15 || Math.abs(trend) < errorsNeeded(1) * trendError) return [];
  const rises = late > early;
  return [
    {
      kind: 'course',
      tasks: [],
      text: rises
        ? `Conflict grows in the course of training, from ${percent(early)} to ${percent(late)} of pairs: balancing, or parting the tasks, matters late.`
        : `Conflict fades in the course of training, from ${percent(early)} to ${percent(late)} of pairs: it is mostly one of the start.`,
      evidence: { early, late, trend, standardError: trendError },
    },
  ];
}

function noiseVerdicts({ tasks }: Numbers): Verdict[] {
  const found = tasks.filter(({ signal }) => signal !== undefined && signal < noisy);
  if (found.length === 0) return [];
  const names = found.map(({ task }) => `\`${task}\``).join(', ');
  return [
    {
      kind: 'noise',
      tasks: found.map(({ task }) => task),
      text: `Gradients of ${names} are at least ${percent(1 - Math.max(...found.map(({ signal }) => signal!)))} batch noise: take larger batches before you believe cosines that say little.`,
      evidence: Object.fromEntries(found.map(({ task, signal }) => [`signal of ${task}`, signal!])),
    },
  ];
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;
}

function percent(share: number): string {
  return `${share < 0.1 ? (100 * share).toFixed(1) : Math.round(100 * share)} %`;
}

function times(ratio: number, before = '', after = '×'): string {
  return `${before}${ratio >= 10 ? Math.round(ratio) : ratio.toFixed(1)}${after}`;
}
