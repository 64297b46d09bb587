import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A peer in a process of its own: after a line of JSON at its start it reads lines with a number of steps, runs them, and answers each with a line of JSON. */
export interface PeerProcess<Hello, Answer> {
  readonly hello: Hello;
  ask(count: number): Promise<Answer>;
  stop(): void;
}

/** `undefined` where the process ends before its first line. */
export async function peerProcess<Hello, Answer>(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<PeerProcess<Hello, Answer> | undefined> {
  const child: ChildProcess = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'ignore'] });
  child.on('error', () => {});
  child.stdin!.on('error', () => {});
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const hello = await lines.next();
  if (hello.done) return undefined;
  return {
    hello: JSON.parse(hello.value) as Hello,
    async ask(count) {
      child.stdin!.write(`${count}\n`);
      const line = await lines.next();
      if (line.done) throw new Error(`${command} ended.`);
      return JSON.parse(line.value) as Answer;
    },
    stop: () => child.kill(),
  };
}
