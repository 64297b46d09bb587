import type { LoadedModel, Runtime, SessionOptions } from './runtime';
import type { CompileWarning } from './shapes';

/** Asked for when it is needed, so that browsers can load this file. */
const builtIn = <Name extends 'node:crypto' | 'node:fs/promises' | 'node:os' | 'node:path'>(name: Name) => process.getBuiltinModule(name);

/** A cache file: these bytes, the key, the SHA-256 of the rest, and the rest: ONNX Runtime's optimised model. */
const magic = new TextEncoder().encode('taskloom-onnx-1\n');

/**
 * A runtime that keeps what ONNX Runtime made of each model in a folder, and so loads it in half the time. Files that are not whole or belong to
 * another model are replaced; where the folder cannot be written, models load as without it.
 */
export function cached(runtime: Runtime, folder: string, onWarning?: (warning: CompileWarning) => void): Runtime {
  const warn = (cause: unknown) =>
    onWarning?.({
      code: 'cache_unwritable',
      message: `The compiled step was not kept in '${folder}': ${cause instanceof Error ? cause.message : String(cause)}.`,
    });

  const loadAndKeep = async (model: Uint8Array<ArrayBuffer>, options: SessionOptions, file: string, key: Uint8Array) => {
    const { mkdir, readFile, rename, rm, writeFile } = builtIn('node:fs/promises');
    const partial = `${file}.${builtIn('node:crypto').randomBytes(4).toString('hex')}`;
    let loaded: LoadedModel | undefined;
    try {
      await mkdir(folder, { recursive: true });
      // A copy, since a worker takes over what it gets.
      loaded = await runtime.load(model.slice(), { ...options, optimizedModelFilePath: `${partial}.onnx` });
      const optimised = await readFile(`${partial}.onnx`);
      await writeFile(partial, [magic, key, sha256(optimised), optimised]);
      await rename(partial, file);
    } catch (cause) {
      loaded ??= await runtime.load(model, options); // where the model is at fault, this says so
      warn(cause);
    } finally {
      for (const left of [partial, `${partial}.onnx`]) await rm(left, { force: true }).catch(() => {});
    }
    return loaded;
  };

  return {
    ...runtime,
    async load(model, options) {
      if (typeof model === 'string') return runtime.load(model, options);
      const key = await keyOf(model, runtime, options);
      const file = builtIn('node:path').join(folder, `${Buffer.from(key).toString('hex')}.onnx-cache`);
      const found = await read(file, key);
      // The right bytes can still be refused, by a runtime that was built otherwise under the same version.
      const fast = found && (await runtime.load(found, { ...options, graphOptimizationLevel: 'disabled' }).catch(() => undefined));
      return fast ?? loadAndKeep(model, options, file, key);
    },
  };
}

/** The optimised model of a cache file that is whole and has this key. */
async function read(file: string, key: Uint8Array): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const bytes = await builtIn('node:fs/promises')
    .readFile(file)
    .catch(() => undefined);
  if (!bytes) return undefined;
  const hashAt = magic.length + key.length;
  const model = bytes.subarray(hashAt + key.length);
  const head = [magic, key, sha256(model)];
  return Buffer.concat(head).equals(bytes.subarray(0, hashAt + key.length)) ? (model as Uint8Array<ArrayBuffer>) : undefined;
}

/** What the optimised model depends on: the model, ONNX Runtime, the session's options, and what the processor can do. */
async function keyOf(model: Uint8Array, { version }: Runtime, options: SessionOptions): Promise<Uint8Array> {
  const about = JSON.stringify([version, options, process.platform, process.arch, builtIn('node:os').cpus()[0]?.model, await features()]);
  return builtIn('node:crypto').createHash('sha256').update(about).update(model).digest();
}

/** Linux names processors of different abilities alike, and lists the abilities. */
async function features(): Promise<string> {
  const text = await builtIn('node:fs/promises')
    .readFile('/proc/cpuinfo', 'utf8')
    .catch(() => '');
  return /^(?:flags|Features)\s*:.*$/m.exec(text)?.[0] ?? '';
}

function sha256(bytes: Uint8Array): Uint8Array {
  return builtIn('node:crypto').createHash('sha256').update(bytes).digest();
}
