import type { ProgressEvent } from '@taskloom/pipeline';
import { styled } from './table';

type Step = Extract<ProgressEvent, { readonly kind: 'step' }>;

/** What balancing does, task by task, smoothed over some 20 of a task's steps. */
export interface BalanceLines {
  add(step: Step): void;
  /** A line for each task: loss, weight, and the task that its gradient agrees with least. */
  lines(columns: number): readonly string[];
}

export function balanceLines(): BalanceLines {
  const losses = new Map<string, Smooth>();
  const weights = new Map<string, Smooth>();
  const cosines = new Map<string, Smooth>();
  const into = (means: Map<string, Smooth>, name: string, value: number) => {
    if (!means.has(name)) means.set(name, smooth());
    means.get(name)!.add(value);
  };
  return {
    add(step) {
      for (const [task, loss] of Object.entries(step.losses)) into(losses, task, loss);
      for (const [task, weight] of Object.entries(step.weights)) into(weights, task, weight);
      for (const [task, others] of Object.entries(step.cosines ?? {}))
        for (const [other, cosine] of Object.entries(others)) into(cosines, JSON.stringify([task, other]), cosine);
    },
    lines(columns) {
      const names = [...losses.keys()];
      const width = Math.max(0, ...names.map((name) => name.length));
      return names.map((task) => {
        const pairs = [...cosines].flatMap(([key, mean]) => {
          const [a, b] = JSON.parse(key) as [string, string];
          return a === task ? [{ other: b, cosine: mean.value() }] : b === task ? [{ other: a, cosine: mean.value() }] : [];
        });
        const least = pairs.sort((a, b) => a.cosine - b.cosine)[0];
        const text = `  ${task.padEnd(width)}  loss ${losses.get(task)!.value().toFixed(3)}  weight ${short(weights.get(task)?.value())}`;
        const cosine = least ? `  cosine ${least.cosine < 0 ? '−' : '+'}${Math.abs(least.cosine).toFixed(2)} with ${least.other}` : '';
        const room = columns - text.length;
        if (cosine.length > room) return text.slice(0, columns);
        return text + (least && least.cosine < 0 ? styled('red', cosine) : cosine);
      });
    },
  };
}

interface Smooth {
  add(value: number): void;
  value(): number;
}

/** A running mean, freed of its start at 0. */
function smooth(): Smooth {
  let [mean, count] = [0, 0];
  return {
    add(value) {
      mean = 0.95 * mean + 0.05 * value;
      count++;
    },
    value: () => mean / (1 - 0.95 ** count),
  };
}

function short(value: number | undefined): string {
  return value === undefined ? '–' : String(Number(value.toPrecision(3)));
}
