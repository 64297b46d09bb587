/**
 * A word shared with a worker: [busy in native code, closing]. A thread that Node ends while onnxruntime-node runs aborts the process (1.30), so a
 * process that exits waits for the model that is running, and no other one starts.
 */
export type Gate = Int32Array<SharedArrayBuffer>;

const gates = new Set<Gate>();

export function openGate(): Gate {
  const gate = new Int32Array(new SharedArrayBuffer(8));
  if (gates.size === 0) process.on('exit', closeAll);
  gates.add(gate);
  return gate;
}

/** For a worker that has ended. */
export function removeGate(gate: Gate): void {
  gates.delete(gate);
  if (gates.size === 0) process.off('exit', closeAll);
}

function closeAll(): void {
  for (const gate of gates) Atomics.store(gate, 1, 1);
  for (const gate of gates) while (Atomics.load(gate, 0) === 1) Atomics.wait(gate, 0, 1);
}
