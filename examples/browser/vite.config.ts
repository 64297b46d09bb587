import { defineConfig } from 'vite';
import { aliases } from '../../scripts/sources.mjs';

/** The page runs on the sources of the packages, so that they need not be built first. A page of your own imports them from npm and needs no aliases. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  // A missing file of a run must be a 404, not this page again.
  appType: 'mpa',
  resolve: { alias: [...aliases] },
  worker: { format: 'es' },
  build: { target: 'es2022', chunkSizeWarningLimit: 2000 },
});
