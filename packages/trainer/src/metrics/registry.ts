import { flatten, type HostArray, isHostArray, TaskloomError } from '@taskloom/core';
import type { Metric, TaskOutputs } from '../types';
import { brier, expectedCalibrationError, logLoss } from './calibration';
import { accuracy, balancedAccuracy, classScores, cohenKappa, f1, matthews, precision, recall } from './classification';
import { kendall, pearson, spearman } from './correlation';
import { hammingLoss, multiLabelF1, subsetAccuracy } from './multi-label';
import { auroc, aurocMultiClass, averagePrecision } from './ranking';
import { meanAbsoluteError, meanSquaredError, r2, rootMeanSquaredError } from './regression';
import { type SpanMode, spanScores } from './spans';

/**
 * The metrics that heads name. They read `label`, `probabilities`, `value` or `tags` of `head.predict`, whichever the kind of head gives; the plain functions behind
 * them are exported under their own names.
 */
export const metrics: { readonly [name: string]: Metric } = {
  accuracy: classes(accuracy),
  balancedAccuracy: classes(balancedAccuracy),
  matthews: classes(matthews),
  quadraticKappa: classes((t, p, k) => cohenKappa(t, p, k, 'quadratic')),
  macroPrecision: classes((t, p, k) => precision(t, p, k, 'macro')),
  macroRecall: classes((t, p, k) => recall(t, p, k, 'macro')),
  macroF1: either(
    (t, p) => multiLabelF1(t, p, 'macro'),
    (t, p, k) => f1(t, p, k, 'macro'),
  ),
  microF1: either(
    (t, p) => multiLabelF1(t, p, 'micro'),
    (t, p, k) => f1(t, p, k, 'micro'),
  ),
  weightedF1: either(
    (t, p) => multiLabelF1(t, p, 'weighted'),
    (t, p, k) => f1(t, p, k, 'weighted'),
  ),
  /** Of class 1 against class 0. */
  f1: classes((t, p) => classScores(t, p, 2).f1[1]!),
  subsetAccuracy: either(subsetAccuracy, accuracy),
  hammingLoss: { ...either(hammingLoss, (t, p) => 1 - accuracy(t, p)), higherIsBetter: false },
  auroc: probabilities((t, p) =>
    p[0]?.length === 2
      ? auroc(
          t,
          p.map((row) => row[1]!),
        )
      : aurocMultiClass(t, p),
  ),
  /** Of class 1. */
  averagePrecision: probabilities((t, p) =>
    averagePrecision(
      t,
      p.map((row) => row[1]!),
    ),
  ),
  logLoss: { ...probabilities(logLoss), higherIsBetter: false },
  expectedCalibrationError: { ...probabilities((t, p) => expectedCalibrationError(t, p)), higherIsBetter: false },
  /** Of class 1. */
  brier: {
    ...probabilities((t, p) =>
      brier(
        t,
        p.map((row) => row[1]!),
      ),
    ),
    higherIsBetter: false,
  },
  meanAbsoluteError: { ...values(meanAbsoluteError), higherIsBetter: false },
  meanSquaredError: { ...values(meanSquaredError), higherIsBetter: false },
  rootMeanSquaredError: { ...values(rootMeanSquaredError), higherIsBetter: false },
  r2: values(r2),
  pearson: values(pearson),
  spearman: values(spearman),
  kendall: values(kendall),
  spanF1: spans('default'),
  strictSpanF1: spans('strict'),
  tokenAccuracy: { higherIsBetter: true, needs: ['tags'], compute: tokenAccuracy },
};

/** A metric by name; throws `unknown_metric` with the known names. */
export function metricOf(name: string, task: string): Metric {
  if (Object.hasOwn(metrics, name)) return metrics[name]!;
  throw new TaskloomError('unknown_metric', `Task '${task}' asks for a metric '${name}' that does not exist.`, {
    name: task,
    got: name,
    expected: Object.keys(metrics),
  });
}

function classes(f: (targets: number[], predictions: number[], classes: number) => number): Metric {
  return {
    higherIsBetter: true,
    needs: ['label', 'probabilities'],
    compute: (outputs) => f(targetsOf(outputs), column(outputs, 'label'), classCount(outputs)),
  };
}

/** By the kind of head: rows of 0/1 decisions at probability ½, or classes. */
function either(
  multiLabel: (targets: number[][], predictions: number[][]) => number,
  single: (targets: number[], predictions: number[], classes: number) => number,
): Metric {
  const asClasses = classes(single);
  return {
    ...asClasses,
    compute(outputs) {
      if (outputs.kind !== 'multiLabel') return asClasses.compute(outputs);
      const decided = rowsOf(outputs, 'probabilities').map((row) => row.map((p) => Number(p > 0.5)));
      return multiLabel(
        outputs.batches.flatMap(({ target }) => matrix(leafOf(target))),
        decided,
      );
    },
  };
}

function probabilities(f: (targets: number[], probabilities: number[][]) => number): Metric {
  return { higherIsBetter: true, needs: ['probabilities'], compute: (outputs) => f(targetsOf(outputs), rowsOf(outputs, 'probabilities')) };
}

function values(f: (targets: number[], predictions: number[]) => number): Metric {
  return {
    higherIsBetter: true,
    needs: ['value', 'label'],
    compute: (outputs) => f(targetsOf(outputs), column(outputs, outputs.batches[0]?.predictions.value ? 'value' : 'label')),
  };
}

function spans(mode: SpanMode): Metric {
  return {
    higherIsBetter: true,
    needs: ['tags'],
    compute(outputs) {
      const [targets, predictions] = [[] as string[][], [] as string[][]];
      for (const { kept, target, tags } of sequences(outputs)) {
        const name = (tag: number) => outputs.labels?.[tag] ?? String(tag);
        targets.push(kept.map((t) => name(target[t]!)));
        predictions.push(kept.map((t) => name(tags[t]!)));
      }
      return spanScores(targets, predictions, mode).micro.f1;
    },
  };
}

/** The fraction of right tags, ignored positions left out. */
function tokenAccuracy(outputs: TaskOutputs): number {
  const [targets, tags] = [[] as number[], [] as number[]];
  for (const sequence of sequences(outputs)) {
    for (const t of sequence.kept) {
      targets.push(sequence.target[t]!);
      tags.push(sequence.tags[t]!);
    }
  }
  return accuracy(targets, tags);
}

/** Row by row: target tags, predicted tags, and the positions whose target is not −1. */
function* sequences({ batches }: TaskOutputs) {
  for (const { target, predictions } of batches) {
    const [targets, tags] = [matrix(leafOf(target)), matrix(predictions.tags as HostArray)];
    for (const [i, row] of targets.entries()) yield { target: row, tags: tags[i]!, kept: row.flatMap((tag, t) => (tag >= 0 ? [t] : [])) };
  }
}

function classCount(outputs: TaskOutputs): number {
  const width = (outputs.batches[0]?.predictions.probabilities as HostArray | undefined)?.shape[1];
  return outputs.labels?.length ?? width ?? Math.max(0, ...targetsOf(outputs), ...column(outputs, 'label')) + 1;
}

function targetsOf({ batches }: TaskOutputs): number[] {
  return batches.flatMap(({ target }) => Array.from(leafOf(target).data));
}

function column({ kind, batches }: TaskOutputs, name: string): number[] {
  return batches.flatMap(({ predictions }) => Array.from(predictionOf(kind, predictions[name]).data));
}

function rowsOf({ kind, batches }: TaskOutputs, name: string): number[][] {
  return batches.flatMap(({ predictions }) => matrix(predictionOf(kind, predictions[name])));
}

function predictionOf(kind: string, leaf: unknown): HostArray {
  if (isHostArray(leaf)) return leaf;
  throw new TaskloomError('unknown_metric', `A head of kind '${kind}' does not predict what this metric reads.`, { name: kind });
}

function leafOf(target: TaskOutputs['batches'][number]['target']): HostArray {
  return isHostArray(target) ? target : [...flatten(target).values()][0]!;
}

function matrix({ data, shape }: HostArray): number[][] {
  const width = shape[1] ?? 1;
  return Array.from({ length: shape[0]! }, (_, i) => Array.from(data.subarray(i * width, (i + 1) * width)));
}
