import type { Json, Module, Params } from '@taskloom/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { combine, type Dispatch, dispatch, expertInput } from './dispatch';
import { type Experts, expertConfigs, expertNames, initExperts } from './experts';
import type { Router } from './router';
import { sigmoidRouter } from './routers/sigmoid-router';
import { softmaxRouter } from './routers/softmax-router';
import { observe } from './usage';

export interface MixtureOptions {
  readonly router: Router;
  /** As many as the router counts, in its order. */
  readonly experts: Experts;
  /** `sparse` computes chosen rows only, eagerly. Default `dense`. */
  readonly dispatch?: Dispatch['kind'];
  /** Coefficient of the auxiliary loss `balance`; Switch Transformers use 0.01. Default: no such loss. */
  readonly balance?: number;
}

/**
 * y = Σₑ gateₑ(x)·expertₑ(x): route, dispatch, combine. `[…, inputs]` → `[…, width]`; parameters `{ router, experts: { [name] } }`.
 * Records `load`, `importance`, `entropy` (see `Usage`) in its context. Dense dispatch holds under a leading task axis where the experts do.
 */
export function mixtureOfExperts(options: MixtureOptions): Module<Tensor, Tensor> {
  const { router, experts, balance } = options;
  const names = expertNames(experts, router.experts);
  return {
    config: {
      module: 'mixtureOfExperts',
      router: router.config,
      experts: expertConfigs(experts),
      dispatch: options.dispatch,
      balance,
    } as Json,
    init: (random): Params => ({ router: router.init(random.fold('router')), experts: initExperts(experts, random.fold('experts')) }),
    apply(params, x, context) {
      const routing = router.route(params.router as Params, x, context.child('router'));
      observe(routing, router, context, balance);
      const work = dispatch(routing, router.experts, options.dispatch);
      const outputs = names.map((name, e) => {
        const rows = expertInput(x, work, e);
        const own = (params.experts as { readonly [name: string]: Params })[name] ?? {};
        return rows && experts[name]!.apply(own, rows, context.child('experts').child(name));
      });
      return combine(outputs, routing, work);
    },
  };
}

export interface GateOptions {
  /** Last axis of the input. */
  readonly inputs: number;
  /** The branches. */
  readonly experts: Experts;
  readonly balance?: number;
}

/** y = Σᵢ softmax(x·W + b)ᵢ·branchᵢ(x): a convex combination of all branches. */
export function softGate({ inputs, experts, balance }: GateOptions): Module<Tensor, Tensor> {
  return mixtureOfExperts({ router: softmaxRouter({ inputs, experts: expertNames(experts).length }), experts, balance });
}

/** h' = Σᵢ gᵢ(h)·Wᵢ(h) with independent gates gᵢ = σ(h·W + b)ᵢ: a branch can be switched on or off without another. */
export function sigmoidGate({ inputs, experts, balance }: GateOptions): Module<Tensor, Tensor> {
  return mixtureOfExperts({ router: sigmoidRouter({ inputs, experts: expertNames(experts).length }), experts, balance });
}
