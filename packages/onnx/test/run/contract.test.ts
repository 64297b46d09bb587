import { describe } from 'vitest';
import { ort } from '../../src/index';
import { ortWeb } from '../../src/web';
import { executorContract } from './contract';

describe('onnxruntime-node on this thread', () => executorContract(() => ort({ threads: 1 })));
describe('onnxruntime-node in a worker', () => executorContract(() => ort({ threads: 1, worker: true })));
describe('onnxruntime-web', () => executorContract(ortWeb));
