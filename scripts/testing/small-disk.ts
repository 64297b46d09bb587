import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of so many bytes in memory: it can be filled, and be made read-only even for root. */
export interface SmallDisk {
  readonly path: string;
  readOnly(yes: boolean): void;
  unmount(): void;
}

/** Needs Linux and the right to mount; `undefined` where that is missing. */
export function smallDisk(bytes: number): SmallDisk | undefined {
  const path = mkdtempSync(join(tmpdir(), 'taskloom-disk-'));
  const mount = (options: string) => execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { stdio: 'ignore' });
  try {
    mount(`size=${bytes}`);
  } catch {
    rmdirSync(path);
    return undefined;
  }
  return {
    path,
    readOnly: (yes) => mount(`remount,${yes ? 'ro' : 'rw'},size=${bytes}`),
    unmount() {
      execFileSync('umount', [path]);
      rmdirSync(path);
    },
  };
}
