import { fileURLToPath } from 'node:url';
import { peerProcess } from './process';

/** A process of PyTorch that does one kind of work when asked. */
export interface TorchPeer {
  readonly version: string;
  readonly threads: number;
  /** Milliseconds of each of `count` steps. */
  round(count: number): Promise<number[]>;
  /** Milliseconds of the processor, all threads together, that the last step took. */
  readonly processor: number;
  /** Peak resident memory so far, MB, above that of the process before it made its model. */
  readonly memory: number;
  stop(): void;
}

const script = fileURLToPath(new URL('torch_peer.py', import.meta.url));

/**
 * The fastest of three settings of Debian's PyTorch: OpenBLAS' kernels for AVX-512, for AVX2, and its own choice, each with these numbers of threads: two wait long for each other
 * where other work has the second core. `variables` are added to the environment. `undefined` where there is no PyTorch.
 */
export async function torchPeer(
  work: string,
  threads: readonly number[] = [2],
  variables: { readonly [name: string]: string } = {},
): Promise<TorchPeer | undefined> {
  const peers: { peer: TorchPeer; time: number }[] = [];
  const settings = threads.flatMap((count) => ['SkylakeX', 'Haswell', undefined].map((kernels) => ({ kernels, count })));
  for (const { kernels, count } of settings) {
    const peer = await start(work, { ...variables, OPENBLAS_CORETYPE: kernels, OMP_NUM_THREADS: String(count) });
    if (!peer) return undefined;
    try {
      await peer.round(2);
      peers.push({ peer, time: Math.min(...(await peer.round(3))) });
    } catch {
      peer.stop(); // A processor without these instructions.
    }
  }
  const [best, ...others] = peers.sort((a, b) => a.time - b.time);
  for (const { peer } of others) peer.stop();
  return best?.peer;
}

async function start(work: string, settings: Record<string, string | undefined>): Promise<TorchPeer | undefined> {
  const env = { ...process.env, ...settings };
  for (const [name, value] of Object.entries(settings)) if (value === undefined) delete env[name];
  const peer = await peerProcess<
    { torch: string; threads: number; before: number },
    { times: number[]; processor: number[]; peak: number }
  >('/usr/bin/python3', [script, work], env);
  if (!peer) return undefined;
  let memory = 0;
  let processor = 0;
  const { torch, threads, before } = peer.hello;
  return {
    version: torch,
    threads,
    async round(count) {
      const answer = await peer.ask(count);
      processor = answer.processor.at(-1) ?? 0;
      memory = answer.peak - before;
      return answer.times;
    },
    get processor() {
      return processor;
    },
    get memory() {
      return memory;
    },
    stop: peer.stop,
  };
}
