import type { Prediction, Row } from '@taskloom/pipeline';

/** The files of a run, by bundle (`run`, `model`) and name. */
export type RunFiles = { readonly [bundle: string]: { readonly [file: string]: Uint8Array } };

export interface Task {
  readonly name: string;
  readonly head: string;
  readonly labels: readonly string[];
  readonly pair: boolean;
  /** The columns that an example of this task has. */
  readonly columns: { readonly [column: string]: string | undefined };
}

export interface RunSummary {
  readonly name: string;
  readonly tasks: readonly Task[];
  readonly parameters: number;
  readonly step: number;
  readonly backend: string;
}

export type Question = string | { readonly a: string; readonly b: string };

export interface Answer {
  readonly prediction: Prediction;
  /** What the run said before it was fine-tuned, where it was. */
  readonly before?: Prediction;
  readonly milliseconds: number;
}

export interface Examples {
  readonly task: string;
  readonly rows: readonly Row[];
  readonly steps: number;
  /** Whether only the task's own head learns, so that the answers of all other tasks stay as they are. */
  readonly headOnly: boolean;
}

/** What the page asks of its worker, and what comes back. */
export interface Calls {
  load: { argument: RunFiles; result: RunSummary };
  answer: { argument: Question; result: Answer };
  tune: { argument: Examples; result: { readonly steps: number; readonly seconds: number } };
  reset: { argument: null; result: null };
}

export type Request = {
  [kind in keyof Calls]: { readonly id: number; readonly kind: kind; readonly argument: Calls[kind]['argument'] };
}[keyof Calls];

export interface Progress {
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
}

export type Reply =
  | { readonly id: number; readonly kind: 'result'; readonly result: Calls[keyof Calls]['result'] }
  | { readonly id: number; readonly kind: 'progress'; readonly progress: Progress }
  | { readonly id: number; readonly kind: 'error'; readonly message: string };
