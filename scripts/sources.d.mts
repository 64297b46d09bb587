export const aliases: readonly { readonly find: RegExp; readonly replacement: string }[];

/** Imports a TypeScript file on our sources, and hands what it exports to `use`. */
export function withSources<Module>(file: string, use?: (module: Module) => unknown): Promise<void>;
