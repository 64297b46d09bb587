/** Turns the first Ctrl-C (or SIGTERM) into an abort, so that the state can be saved; the second ends the process. */
export function onInterrupt(tell: () => void): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const handle = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
    tell();
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  return {
    signal: controller.signal,
    release() {
      process.off('SIGINT', handle);
      process.off('SIGTERM', handle);
    },
  };
}
