import type { ProgressEvent } from '@taskloom/pipeline';
import { balanceLines } from './balance-lines';
import { duration, metric, whole } from './format';
import { progressLine } from './progress-line';
import { styled } from './table';

export interface ProgressDisplay {
  (event: ProgressEvent): void;
  /** Removes the bar. */
  done(): void;
}

/**
 * Progress of a training on stderr: a bar that is redrawn in a terminal, else a line for each epoch. `label` stands before it; with `details`, a line for each task below it. `quiet`
 * leaves what training costs beyond need: no ONNX Runtime, warnings. `told` has such lines; displays that share it say each once.
 */
export function progressDisplay({
  label = '',
  quiet = false,
  details = false,
  told = new Set(),
}: {
  readonly label?: string;
  readonly quiet?: boolean;
  readonly details?: boolean;
  readonly told?: Set<string>;
} = {}): ProgressDisplay {
  const tasks = details ? balanceLines() : undefined;
  const terminal = process.stderr.isTTY === true;
  const out = (text: string) => void process.stderr.write(text);
  let last = 0;
  let mean: number | undefined;
  let smooth = 0;
  let seen = 0;
  let drawn = false;
  let rate = 0;
  let left = Number.NaN;
  let steps = 0;
  const clear = () => {
    if (drawn) out('\r\u001b[J');
    drawn = false;
  };
  const once = (line: string) => {
    if (told.has(line)) return;
    told.add(line);
    clear();
    out(`${line}\n`);
  };
  const show = (event: ProgressEvent) => {
    if (event.kind === 'execution' && event.notice) once(event.notice);
    if (event.kind === 'warning') once(`${styled('yellow', 'warning')} ${event.message}`);
    if (quiet) return;
    switch (event.kind) {
      case 'execution':
        if (label === '' && event.name !== 'eager') out('Steps are compiled for ONNX Runtime.\n');
        break;
      case 'data':
        if (label === '')
          out(`${event.sources.map(({ name, rows, tasks }) => `${name}: ${whole(rows)} rows for ${tasks.join(', ')}`).join('\n')}\n`);
        break;
      case 'linear':
        if (label === '')
          out(
            `Linear model of ${event.task}: ${whole(event.classes)} classes from ${whole(event.rows)} rows, ${duration(event.seconds)}.\n`,
          );
        break;
      case 'begin':
        steps = event.steps;
        if (label === '')
          out(
            `${event.startStep > 0 ? `Going on at step ${whole(event.startStep)} of` : 'Training'} ${whole(event.steps)} steps, ${whole(event.parameters)} parameters.\n`,
          );
        break;
      case 'step': {
        rate = event.rowsPerSecond;
        tasks?.add(event);
        // Steps draw from sources whose losses differ: a running mean over about 20 of them, freed of its start at 0.
        smooth = 0.95 * smooth + 0.05 * event.loss;
        seen++;
        left = event.secondsLeft;
        const now = performance.now();
        if (!terminal || (now - last < 100 && event.step < event.steps)) break;
        last = now;
        const columns = (process.stderr.columns ?? 80) - 3; // room for the ^C that a terminal echoes
        const { step } = event;
        const loss = smooth / (1 - 0.95 ** seen);
        const below = tasks?.lines(columns) ?? [];
        out(
          `\r${[progressLine({ label, step, steps: event.steps, loss, validation: mean, rowsPerSecond: rate, secondsLeft: left }, columns), ...below].map((line) => `${line}\u001b[K`).join('\n')}`,
        );
        // Back to the bar, where the next one is drawn.
        if (below.length > 0) out(`\u001b[${below.length}A`);
        drawn = true;
        break;
      }
      case 'evaluation':
        if (mean === undefined && label === '') {
          clear();
          out("('validation' is the mean of the tasks' main scores on the validation split; 1 is the best.)\n");
        }
        mean = event.evaluation.mean;
        break;
      case 'epoch':
        if (terminal) break;
        out(
          `${label}epoch ${event.epoch + 1}  step ${event.step}/${steps}  loss ${event.loss.toFixed(3)}${mean === undefined ? '' : `  validation ${metric(mean)}`}  ${whole(rate)} rows/s  ${duration(left)} left\n`,
        );
        for (const line of tasks?.lines(Number.POSITIVE_INFINITY) ?? []) out(`${line}\n`);
        break;
      default:
    }
  };
  return Object.assign(show, { done: clear });
}
