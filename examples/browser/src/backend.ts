import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threaded from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import { enableProdMode, ready, setBackend } from '@tensorflow/tfjs-core';

/** WebAssembly, or plain JavaScript where it does not start. Gives the backend's name. */
export async function startBackend(): Promise<string> {
  enableProdMode();
  setWasmPaths({ 'tfjs-backend-wasm.wasm': plain, 'tfjs-backend-wasm-simd.wasm': simd, 'tfjs-backend-wasm-threaded-simd.wasm': threaded });
  const name = (await setBackend('wasm').catch(() => false)) ? 'wasm' : 'cpu';
  await setBackend(name);
  await ready();
  return name;
}
