import { metric, whole } from './format';
import { styled } from './table';
import { width } from './wrap';

export interface Progress {
  readonly label: string;
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  /** Mean metric of the newest evaluation. */
  readonly validation?: number;
  readonly rowsPerSecond: number;
  readonly secondsLeft: number;
}

/** A bar and numbers in one line of at most `columns`; where there is no room, the throughput goes first, then the validation metric, the loss, the bar. */
export function progressLine(progress: Progress, columns: number): string {
  const { label, step, steps, loss, validation, rowsPerSecond, secondsLeft } = progress;
  const count = `${whole(step).padStart(whole(steps).length)}/${whole(steps)}`;
  const left = `${remaining(secondsLeft).padStart(4)} left`;
  const lossText = `loss ${loss.toFixed(3)}`;
  const validationText = validation === undefined ? [] : [`validation ${metric(validation)}`];
  const rate = `${whole(rowsPerSecond).padStart(5)} rows/s`;
  const choices = [
    [count, lossText, ...validationText, rate, left],
    [count, lossText, ...validationText, left],
    [count, lossText, left],
    [count, left],
  ].map((parts) => parts.join('  '));
  for (const numbers of choices) {
    const room = columns - width(label) - width(numbers) - 1;
    if (room >= 10) return `${label}${bar(step / steps, Math.min(room, 30))} ${numbers}`;
  }
  return `${label}${choices.at(-1)}`.slice(0, columns);
}

function bar(share: number, length: number): string {
  const filled = Math.min(length, Math.round(share * length));
  return `${styled('cyan', '━'.repeat(filled))}${styled('dim', '─'.repeat(length - filled))}`;
}

/** 75.3 → 1:16, 4.21 → 5 s: whole seconds, so that it does not jitter. */
function remaining(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  const total = Math.ceil(seconds);
  if (total < 60) return `${total} s`;
  const two = (n: number) => String(n).padStart(2, '0');
  const [hours, minutes] = [Math.floor(total / 3600), Math.floor(total / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(total % 60)}` : `${minutes}:${two(total % 60)}`;
}
