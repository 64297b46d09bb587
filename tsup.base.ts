import { defineConfig, type Options } from 'tsup';

/** The one build of every package: ESM, CommonJS and types, nothing bundled that is a dependency. */
export function library(entry: Record<string, string>, options: Options = {}) {
  return defineConfig({
    entry,
    format: ['esm', 'cjs'],
    target: 'es2022',
    platform: 'neutral',
    sourcemap: true,
    clean: true,
    treeshake: true,
    splitting: true,
    removeNodeProtocol: false,
    external: [/^node:/],
    // tsup 8 passes `baseUrl` to its types worker, which TypeScript 6 deprecates.
    dts: { compilerOptions: { ignoreDeprecations: '6.0', paths: {} } },
    ...options,
  });
}
