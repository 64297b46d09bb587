import { keptFiles, sha256 } from './kept-files';
import { keptPrograms } from './kept-programs';
import type { LoadedModel, Runtime, SessionOptions } from './runtime';
import type { CompileWarning } from './shapes';

/** Asked for when it is needed, so that browsers can load this file. */
const builtIn = <Name extends 'node:fs/promises' | 'node:os'>(name: Name) => process.getBuiltinModule(name);

/**
 * A runtime that keeps in a folder what became of each trace, and what ONNX Runtime made of each model, which so starts in a fraction of the time. Files
 * that are not whole or belong to another model are replaced; where the folder cannot be written, steps start as without it.
 */
export function cached(runtime: Runtime, folder: string, onWarning?: (warning: CompileWarning) => void): Runtime {
  let warned = false;
  const once = (warning: CompileWarning) => {
    if (!warned) onWarning?.(warning);
    warned = true;
  };
  const files = keptFiles(folder, 'onnx-cache', once);

  const loadAndKeep = async (model: Uint8Array<ArrayBuffer>, options: SessionOptions, key: Uint8Array) => {
    let loaded: LoadedModel | undefined;
    await files.keep(key, async (scratch) => {
      // A copy, since a worker takes over what it gets.
      loaded = await runtime.load(model.slice(), { ...options, optimizedModelFilePath: scratch });
      return builtIn('node:fs/promises').readFile(scratch);
    });
    return loaded ?? runtime.load(model, options); // where the model is at fault, this says so
  };

  return {
    ...runtime,
    programs: keptPrograms(keptFiles(folder, 'step-cache', once)),
    async load(model, options) {
      if (typeof model === 'string') return runtime.load(model, options);
      const key = await keyOf(model, runtime, options);
      const found = await files.find(key);
      // The right bytes can still be refused, by a runtime that was built otherwise under the same version.
      const fast = found && (await runtime.load(found, { ...options, graphOptimizationLevel: 'disabled' }).catch(() => undefined));
      return fast ?? loadAndKeep(model, options, key);
    },
  };
}

/** What the optimised model depends on: the model, ONNX Runtime, the session's options, and what the processor can do. */
async function keyOf(model: Uint8Array, { version }: Runtime, options: SessionOptions): Promise<Uint8Array> {
  const processor = builtIn('node:os').cpus()[0]?.model;
  return sha256(JSON.stringify([version, options, process.platform, process.arch, processor, await features()]), model);
}

/** Linux names processors of different abilities alike, and lists the abilities. */
async function features(): Promise<string> {
  const text = await builtIn('node:fs/promises')
    .readFile('/proc/cpuinfo', 'utf8')
    .catch(() => '');
  return /^(?:flags|Features)\s*:.*$/m.exec(text)?.[0] ?? '';
}
