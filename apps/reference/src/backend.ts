import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { enableProdMode, ready, setBackend } from '@tensorflow/tfjs-core';

/** Starts TensorFlow.js: WebAssembly from the files that its package brings, or plain JavaScript where that fails. Gives the backend's name. */
export async function startBackend(wanted: 'auto' | 'wasm' | 'cpu' = 'auto'): Promise<string> {
  enableProdMode(); // no advertisement of tfjs-node
  if (wanted !== 'cpu') {
    try {
      const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
      const folder = join(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist');
      setWasmPaths(`${folder}/`);
      if (await setBackend('wasm')) {
        await ready();
        return 'wasm';
      }
    } catch (error) {
      if (wanted === 'wasm') throw error;
    }
  }
  await import('@tensorflow/tfjs-backend-cpu');
  await setBackend('cpu');
  await ready();
  return 'cpu';
}
