/** Turns the first Ctrl-C (or SIGTERM) into an abort that is told on stderr, so that the state can be saved; the second ends the process. */
export function onInterrupt(message: string): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const handle = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
    process.stderr.write(`${process.stderr.isTTY ? '\r\u001b[K' : ''}${message}\n`); // over the ^C that the terminal echoed
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
