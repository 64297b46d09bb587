// One training step of a transformer: ours compiled, and PyTorch's. Run: node examples/run.mjs ../bench/transformer.ts
import '@tensorflow/tfjs-backend-cpu';
import { ort } from '@taskloom/onnx';
import { interleaved, timed } from './peers/rounds';
import { torchPeer } from './peers/torch';
import { trainBatch, trainStep } from './works/transformer';

const rows = 32;
const { step, init } = trainStep(rows);
const start = performance.now();
const train = await ort().compile(step as never, { state: init() as never });
let number = 0;
const next = () => train(trainBatch(rows, number++) as never) as Promise<{ loss: { data: Float32Array } }>;
const first = await next();
console.log(`first step ${Math.round(performance.now() - start)} ms, loss ${first.loss.data[0]}`);
const rss = () => Math.round(process.memoryUsage().rss / 1e6);
const torch = process.argv.includes('--alone') ? undefined : await torchPeer('transformer-train');
const timings = await interleaved(
  [timed('taskloom, ort', next), ...(torch ? [{ name: `torch ${torch.version}`, round: torch.round }] : [])],
  {
    rounds: torch ? 7 : 2,
  },
);
for (const { name, median, minimum } of timings) console.log(name, median.toFixed(1), minimum.toFixed(1));
console.log('rss', rss(), 'peak', Math.round(process.resourceUsage().maxRSS / 1000), 'torch peak', torch?.peak);
torch?.stop();
process.exit(0);
