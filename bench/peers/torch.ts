import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A process of PyTorch that does one kind of work when asked. */
export interface TorchPeer {
  readonly version: string;
  /** Milliseconds of each of `count` steps. */
  round(count: number): Promise<number[]>;
  /** Peak resident memory so far, MB. */
  readonly peak: number;
  stop(): void;
}

const script = fileURLToPath(new URL('torch_peer.py', import.meta.url));

/** The faster of two settings of Debian's PyTorch: the OpenBLAS kernels for AVX-512, and the library's own choice. `undefined` where there is no PyTorch. */
export async function torchPeer(work: string): Promise<TorchPeer | undefined> {
  const peers: { peer: TorchPeer; time: number }[] = [];
  for (const settings of [{ OPENBLAS_CORETYPE: 'SkylakeX' }, { OPENBLAS_CORETYPE: undefined }]) {
    const peer = await start(work, { ...settings, OMP_NUM_THREADS: '2' });
    if (!peer) return undefined;
    await peer.round(3);
    peers.push({ peer, time: Math.min(...(await peer.round(5))) });
  }
  const [best, other] = peers.sort((a, b) => a.time - b.time);
  other!.peer.stop();
  return best!.peer;
}

async function start(work: string, settings: Record<string, string | undefined>): Promise<TorchPeer | undefined> {
  const env = { ...process.env, ...settings };
  for (const [name, value] of Object.entries(settings)) if (value === undefined) delete env[name];
  const child: ChildProcess = spawn('/usr/bin/python3', [script, work], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const hello = await lines.next();
  if (hello.done) return undefined;
  let peak = 0;
  return {
    version: (JSON.parse(hello.value) as { torch: string }).torch,
    async round(count) {
      child.stdin!.write(`${count}\n`);
      const answer = JSON.parse((await lines.next()).value as string) as { times: number[]; peak: number };
      peak = answer.peak;
      return answer.times;
    },
    get peak() {
      return peak;
    },
    stop: () => child.kill(),
  };
}
