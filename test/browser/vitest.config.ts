import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { aliases } from '../../scripts/sources.mjs';
import { chromiumFlags, findChromium, noChromium } from '../../scripts/testing/chromium';
import { compiledInNode } from './compiled-in-node';
import { exportedInNode } from './exported-in-node';
import { inNode } from './in-node-command';

const executablePath = findChromium();
if (!executablePath) console.warn(noChromium);

const isolated = 'ort-web-threads.test.ts';

/** The sources of the packages in a headless Chromium that the system brings. */
export default defineConfig({
  resolve: { alias: [...aliases] },
  // Named, so that no new dependency is met, and no page reloaded, in the middle of a test.
  optimizeDeps: {
    include: [
      '@tensorflow/tfjs-core',
      '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops',
      '@tensorflow/tfjs-backend-cpu',
      '@tensorflow/tfjs-backend-wasm',
      '@tensorflow/tfjs-backend-webgl',
      '@taskloom/pipeline > zod',
    ],
    // ES modules as they are; onnxruntime-web finds its .wasm beside itself.
    exclude: ['onnxruntime-web', 'onnx-buf', '@bufbuild/protobuf'],
  },
  test: {
    projects: executablePath
      ? [
          { extends: true, test: { name: 'page', include: ['*.test.ts'], exclude: [isolated] } },
          // Threads need memory that they share, which a page has only where these headers say that nothing of another origin is in it.
          {
            extends: true,
            server: { headers: { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' } },
            test: { name: 'isolated page', include: [isolated] },
          },
        ]
      : undefined,
    include: [],
    passWithNoTests: !executablePath,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    isolate: false, // one page for all files
    browser: {
      enabled: executablePath !== undefined,
      provider: playwright({ launchOptions: { executablePath, args: chromiumFlags } }),
      headless: true,
      screenshotFailures: false,
      commands: { inNode, compiledInNode, exportedInNode },
      instances: [{ browser: 'chromium' }],
    },
  },
});
