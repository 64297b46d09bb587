import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Record<string, unknown>;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
  readonly sideEffects?: unknown;
}

export interface Workspace {
  readonly folder: string;
  readonly manifest: Manifest;
}

export function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(`${root}/${folder}/package.json`, 'utf8')) as Manifest;
}

/** The published libraries. */
export const libraries: Workspace[] = readdirSync(`${root}/packages`)
  .sort()
  .map((name) => ({ folder: `packages/${name}`, manifest: manifestOf(`packages/${name}`) }));

export const app: Workspace = { folder: 'apps/reference', manifest: manifestOf('apps/reference') };

/** TypeScript files under a folder. */
export function sourcesOf(folder: string): string[] {
  return readdirSync(`${root}/${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.includes('node_modules'))
    .map((path) => `${folder}/${path}`)
    .sort();
}
