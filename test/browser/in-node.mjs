// Worker: Node trains on another core than the browser.
import { join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { withSources } from '../../scripts/sources.mjs';

await withSources(join(import.meta.dirname, 'in-node.ts'), ({ findInNode }) => findInNode((part) => parentPort.postMessage(part)));
