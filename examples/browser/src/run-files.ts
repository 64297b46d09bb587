import type { RunFiles } from './protocol';

/** What a run is read from; checkpoints and event files of the same folder are not needed. */
const wanted = {
  run: ['format.json', 'config.json', 'labels.json', 'features.json'],
  model: ['model.json', 'parameters.safetensors'],
} as const;

/** A run folder over HTTP. */
export async function fetchRun(folder: string): Promise<RunFiles> {
  const base = new URL(folder.endsWith('/') ? folder : `${folder}/`, document.baseURI);
  return collect(async (bundle, file) => {
    const response = await fetch(new URL(`${bundle}/${file}`, base));
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
  }, base.href);
}

/** A run folder picked from disk. */
export async function readRun(picked: FileList): Promise<RunFiles> {
  const files = [...picked];
  return collect(async (bundle, file) => {
    const found = files.find(({ webkitRelativePath }) => webkitRelativePath.split('/').slice(1).join('/') === `${bundle}/${file}`);
    return found && new Uint8Array(await found.arrayBuffer());
  }, files[0]?.webkitRelativePath.split('/')[0] ?? 'the folder');
}

async function collect(read: (bundle: string, file: string) => Promise<Uint8Array | undefined>, place: string): Promise<RunFiles> {
  const bundles = Object.entries(wanted).map(async ([bundle, files]) => {
    const own = files.map(async (file) => {
      const bytes = await read(bundle, file);
      if (!bytes) throw new Error(`There is no finished run in ${place}: ${bundle}/${file} is missing.`);
      return [file, bytes] as const;
    });
    return [bundle, Object.fromEntries(await Promise.all(own))] as const;
  });
  return Object.fromEntries(await Promise.all(bundles));
}
