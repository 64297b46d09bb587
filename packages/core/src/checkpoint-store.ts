/** Named files of one bundle. Names are plain file names: no '/', no '..', nothing hidden. */
export type Files = { readonly [name: string]: Uint8Array };

/** A place for bundles of files (checkpoints, a run's description): memory, a folder, IndexedDB. A bundle is there whole or not at all. */
export interface CheckpointStore {
  /** The names of the complete bundles, in code-point order. */
  list(): Promise<string[]>;
  /** Throws `not_found`, or `file_corrupt` if what is there is not what was written. */
  read(name: string): Promise<Files>;
  /** Written beside its place, synced, then renamed: a kill at any moment leaves the old bundle or the new one. */
  write(name: string, files: Files): Promise<void>;
  remove(name: string): Promise<void>;
}
