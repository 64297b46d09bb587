import { gls, imtlL, smoothTchebycheff } from '@taskloom/mtl-loss';
import { tensor1d } from '@tensorflow/tfjs-core';
import type { Cases, Check, Handler } from './golden';
import { differentiate } from './total';

interface Step {
  readonly losses: number[];
  readonly loss: number;
  readonly weights: number[];
  readonly reportedWeights?: number[];
  readonly logScales?: number[];
  readonly gradients?: number[];
}

/** LibMTL returns lᵢ/(T Π l) in place of the derivative. */
const geometric: Handler = ({ steps }) =>
  (steps as Step[]).flatMap(({ losses, loss, weights, reportedWeights }, i): Check[] => {
    const got = differentiate(gls({ epsilon: 0 }), losses, {});
    const reported = losses.map((own) => own / (losses.length * got.total ** losses.length));
    return [
      { name: `total, step ${i}`, got: got.total, expected: loss },
      { name: `weights, step ${i}`, got: got.weights, expected: weights },
      ...(reportedWeights ? [{ name: `reported weights, step ${i}`, got: reported, expected: reportedWeights }] : []),
    ];
  });

const lossBalance: Handler = ({ options, steps }) => {
  const method = imtlL({ initial: options.initialLogScale as number });
  return (steps as Step[]).flatMap(({ losses, loss, weights, logScales, gradients }, i): Check[] => {
    const own = i === 0 ? method.init(losses.map(String)).logScales : tensor1d(logScales!);
    const got = differentiate(method, losses, { logScales: own });
    return [
      { name: `log-scales, step ${i}`, got: own.dataSync(), expected: logScales! },
      { name: `total, step ${i}`, got: got.total, expected: loss },
      { name: `weights, step ${i}`, got: got.weights, expected: weights },
      { name: `gradients, step ${i}`, got: got.own.logScales.dataSync(), expected: gradients! },
    ];
  });
};

/** The form with a preference and an ideal point; that with a nadir is a weighting on the host. */
export const tchebycheff: Handler = ({ options, steps }) => {
  const method = smoothTchebycheff(options as { mu: number; preference: number[]; ideal: number[] });
  return (steps as Step[]).flatMap(({ losses, loss, weights }, i): Check[] => {
    const got = differentiate(method, losses, {});
    return [
      { name: `total, step ${i}`, got: got.total, expected: loss },
      { name: `weights, step ${i}`, got: got.weights, expected: weights },
    ];
  });
};

export const cases: Cases = { gls: geometric, 'imtl-l': lossBalance };
