import type { Context, Json, Params, Random } from '@taskloom/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Which experts each row goes to, and how much each counts. */
export interface Routing {
  /** int32 `[n, k]`: experts by position. Where k is the number of experts it is 0 … k − 1 in every row. */
  readonly index: Tensor;
  /** float32 `[n, k]`: the factor on the output of each chosen expert; differentiable in the router's parameters. */
  readonly gate: Tensor;
  /** float32 `[n, experts]`: how the router values all experts, rows summing to 1; for usage and balance. */
  readonly probabilities: Tensor;
}

/**
 * Chooses experts for rows. As everywhere in Taskloom the parameters come first: `route(params, x, context)`. A router says nothing of how experts are
 * computed: `dispatch` turns its choice into work, `combine` the results into one output, and experts that no row has chosen need not be computed.
 * Inputs `[n, inputs]`; where k equals `experts` any number of leading axes.
 */
export interface Router<P extends Params = Params> {
  readonly config: Json;
  /** Number of experts. */
  readonly experts: number;
  /** k, the experts a row is sent to. */
  readonly chosen: number;
  init(random: Random): P;
  route(params: P, x: Tensor, context: Context): Routing;
}

export interface RouterOptions {
  /** Last axis of what the router looks at. */
  readonly inputs: number;
  /** Number of experts. */
  readonly experts: number;
  /** Whether the router has a bias. Default true. */
  readonly bias?: boolean;
}
