/** Seconds per step, recent steps counting more. */
export interface Throughput {
  record(seconds: number): void;
  rowsPerSecond(rowsPerStep: number): number;
  secondsFor(steps: number): number;
}

/** An exponential mean of step times; each step counts 5 %, the first ones by their number. */
export function throughput(): Throughput {
  let mean = 0;
  let count = 0;
  return {
    record(seconds) {
      count++;
      mean += (seconds - mean) * Math.max(0.05, 1 / count);
    },
    rowsPerSecond: (rows) => (mean > 0 ? rows / mean : 0),
    secondsFor: (steps) => mean * steps,
  };
}

/** Lets timers, signals and the screen have their turn, at most every 50 ms: awaiting data of the cpu backend alone never would. */
export function pauses(): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < 50) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    last = performance.now();
  };
}
