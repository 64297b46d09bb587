import type { Trace } from '../trace/trace';
import { broadcasts } from './broadcasts';
import { draws } from './draws';
import { gramiansByBlocks } from './gramians';
import { layerNorms } from './layer-norm';
import { narrowConvolutions } from './narrow-convolutions';
import { poolGradients } from './pool-gradients';
import { type Pass, rewriteTrace } from './rewrite';
import { scalarFactors } from './scalar-factors';
import { segmentSums, touchedRows } from './segment-sums';
import { means, sumsByProduct } from './sums';

/** The passes that a trace goes through before it is encoded. Common sub-expressions are shared when the graph is built (`Graph.node`). */
export const passes: readonly Pass[] = [
  touchedRows,
  gramiansByBlocks,
  layerNorms,
  sumsByProduct,
  means,
  narrowConvolutions,
  scalarFactors,
  broadcasts,
];

/** The same step with a cheaper graph, and with draws, sums by segment and gradients of pools as ONNX has them. */
export function optimized(trace: Trace, chosen: readonly Pass[] = passes): Trace {
  return rewriteTrace(trace, [draws, segmentSums, poolGradients, ...chosen]);
}
