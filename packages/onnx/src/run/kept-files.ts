import type { CompileWarning } from './shapes';

/** Asked for when it is needed, so that browsers can load this file. */
const builtIn = <Name extends 'node:crypto' | 'node:fs/promises' | 'node:path'>(name: Name) => process.getBuiltinModule(name);

/** Each file: these bytes, its key, the SHA-256 of the rest, and the rest. */
const magic = new TextEncoder().encode('taskloom-onnx-1\n');

/** A folder of files that may be missing, cut or another's at any time: what is read is whole and has the key that was asked for. */
export interface KeptFiles {
  find(key: Uint8Array): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Has `make` give what is to be kept, to which it may write the file `scratch` first. A folder that cannot be written is a warning. */
  keep(key: Uint8Array, make: (scratch: string) => Promise<Uint8Array>): Promise<void>;
}

/** `kind` is how their names end. */
export function keptFiles(folder: string, kind: string, onWarning?: (warning: CompileWarning) => void): KeptFiles {
  const fileOf = (key: Uint8Array) => builtIn('node:path').join(folder, `${Buffer.from(key).toString('hex')}.${kind}`);
  return {
    async find(key) {
      const bytes = await builtIn('node:fs/promises')
        .readFile(fileOf(key))
        .catch(() => undefined);
      if (!bytes) return undefined;
      const hashAt = magic.length + key.length;
      const rest = bytes.subarray(hashAt + key.length);
      const head = Buffer.concat([magic, key, sha256(rest)]);
      return head.equals(bytes.subarray(0, hashAt + key.length)) ? (rest as Uint8Array<ArrayBuffer>) : undefined;
    },
    async keep(key, make) {
      const { mkdir, rename, rm, writeFile } = builtIn('node:fs/promises');
      const file = fileOf(key);
      const partial = `${file}.${builtIn('node:crypto').randomBytes(4).toString('hex')}`;
      const scratch = `${partial}.onnx`;
      try {
        await mkdir(folder, { recursive: true });
        const bytes = await make(scratch);
        await writeFile(partial, [magic, key, sha256(bytes), bytes]);
        await rename(partial, file);
      } catch (cause) {
        onWarning?.({
          code: 'cache_unwritable',
          message: `The compiled step was not kept in '${folder}': ${cause instanceof Error ? cause.message : String(cause)}.`,
        });
      } finally {
        for (const left of [partial, scratch]) await rm(left, { force: true }).catch(() => {});
      }
    },
  };
}

/** SHA-256 of all parts, one after the other. */
export function sha256(...parts: readonly (string | Uint8Array)[]): Uint8Array {
  const hash = builtIn('node:crypto').createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
