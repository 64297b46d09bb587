import { flatten, type HostArray, isHostArray, TaskloomError } from '@taskloom/core';
import type { ClassMetric, Metric, MetricChoice, TaskOutputs } from '../types';
import { brier, expectedCalibrationError, logLoss } from './calibration';
import { accuracy, balancedAccuracy, type ClassScores, classScores, cohenKappa, f1, matthews, precision, recall } from './classification';
import { kendall, pearson, spearman } from './correlation';
import { hammingLoss, multiLabelF1, multiLabelScores, subsetAccuracy } from './multi-label';
import { auroc, aurocMultiClass, averagePrecision, macroAveragePrecision } from './ranking';
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
  f1: { ...classes((t, p) => classScores(t, p, 2).f1[1]!), twoClasses: true },
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
  averagePrecision: {
    ...probabilities((t, p) =>
      averagePrecision(
        t,
        p.map((row) => row[1]!),
      ),
    ),
    twoClasses: true,
  },
  /** Of each label that has a positive, and their mean: how well rows are ranked, whatever the thresholds. */
  macroAveragePrecision: {
    higherIsBetter: true,
    kinds: ['multiLabel'],
    needs: ['probabilities'],
    compute: (outputs) => macroAveragePrecision(targetRows(outputs), rowsOf(outputs, 'probabilities')),
  },
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
    twoClasses: true,
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
  tokenAccuracy: { higherIsBetter: true, kinds: ['tagging'], needs: ['tags'], compute: tokenAccuracy },
};

/**
 * A metric by name, or of chosen classes, which are looked up in `labels`; throws `unknown_metric` with what is known.
 */
export function metricOf(choice: MetricChoice, task: string, labels?: readonly string[]): Metric {
  if (typeof choice !== 'string') return ofClasses(choice, task, labels);
  if (!Object.hasOwn(metrics, choice))
    throw new TaskloomError('unknown_metric', `Task '${task}' asks for a metric '${choice}' that does not exist.`, {
      name: task,
      got: choice,
      expected: Object.keys(metrics),
    });
  const metric = metrics[choice]!;
  if (metric.twoClasses && labels && labels.length !== 2)
    throw new TaskloomError('unknown_metric', `The metric '${choice}' is about two classes, and '${task}' has ${labels.length}.`, {
      name: task,
      got: choice,
      remedy: "Name the classes that count, as in { f1: ['a', 'b'] }, or take 'macroF1'.",
    });
  return metric;
}

/** What a metric is called in results: its name, or `f1[against,favor]`. */
export function metricName(choice: MetricChoice): string {
  if (typeof choice === 'string') return choice;
  const [score, classes] = partsOf(choice);
  return `${score}[${classes.join(',')}]`;
}

/** Of a metric by its name in results. */
export function higherIsBetter(name: string): boolean {
  return !Object.hasOwn(metrics, name) || metrics[name]!.higherIsBetter;
}

type ClassScore = 'precision' | 'recall' | 'f1';

function partsOf(choice: ClassMetric): readonly [ClassScore, readonly string[]] {
  const [score, classes] = Object.entries(choice)[0] as [ClassScore, string | readonly string[]];
  return [score, typeof classes === 'string' ? [classes] : classes];
}

/** The mean of a score over some classes; with several labels a row, over some labels. */
function ofClasses(choice: ClassMetric, task: string, labels?: readonly string[]): Metric {
  const [score, names] = partsOf(choice);
  const chosen = names.map((name) => labels?.indexOf(name) ?? -1);
  if (chosen.length === 0 || chosen.includes(-1))
    throw new TaskloomError(
      'unknown_metric',
      `The metric '${metricName(choice)}' of '${task}' names a label that the task does not have.`,
      {
        name: task,
        got: names,
        expected: labels ?? 'a task with labels',
      },
    );
  const mean = (scores: ClassScores) => chosen.reduce((sum, k) => sum + scores[score][k]!, 0) / chosen.length;
  return either(
    (targets, predictions) => mean(multiLabelScores(targets, predictions)),
    (targets, predictions, count) => mean(classScores(targets, predictions, count)),
  );
}

function classes(f: (targets: number[], predictions: number[], classes: number) => number): Metric {
  return {
    higherIsBetter: true,
    kinds: ['classification', 'ordinal'],
    needs: ['label', 'probabilities'],
    compute: (outputs) => f(targetsOf(outputs), column(outputs, 'label'), classCount(outputs)),
  };
}

/** By the kind of head: rows of 0/1 decisions (at probability ½ where the head gives none), or classes. */
function either(
  multiLabel: (targets: number[][], predictions: number[][]) => number,
  single: (targets: number[], predictions: number[], classes: number) => number,
): Metric {
  const asClasses = classes(single);
  return {
    ...asClasses,
    kinds: [...asClasses.kinds, 'multiLabel'],
    needs: [...asClasses.needs, 'decisions'],
    compute(outputs) {
      if (outputs.kind !== 'multiLabel') return asClasses.compute(outputs);
      const decides = outputs.batches.every(({ predictions }) => predictions.decisions !== undefined);
      const decided = decides
        ? rowsOf(outputs, 'decisions')
        : rowsOf(outputs, 'probabilities').map((row) => row.map((p) => Number(p >= 0.5)));
      return multiLabel(targetRows(outputs), decided);
    },
  };
}

function probabilities(f: (targets: number[], probabilities: number[][]) => number): Metric {
  return {
    higherIsBetter: true,
    kinds: ['classification', 'ordinal'],
    needs: ['probabilities'],
    compute: (outputs) => f(targetsOf(outputs), rowsOf(outputs, 'probabilities')),
  };
}

function values(f: (targets: number[], predictions: number[]) => number): Metric {
  return {
    higherIsBetter: true,
    kinds: ['regression', 'ordinal'],
    needs: ['value', 'label'],
    compute: (outputs) => f(targetsOf(outputs), column(outputs, outputs.batches[0]?.predictions.value ? 'value' : 'label')),
  };
}

function spans(mode: SpanMode): Metric {
  return {
    higherIsBetter: true,
    kinds: ['tagging'],
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
  if (outputs.labels) return outputs.labels.length;
  const width = (outputs.batches[0]?.predictions.probabilities as HostArray | undefined)?.shape[1];
  return width ?? Math.max(0, ...targetsOf(outputs), ...column(outputs, 'label')) + 1;
}

function targetsOf({ batches }: TaskOutputs): number[] {
  return batches.flatMap(({ target }) => Array.from(leafOf(target).data));
}

function targetRows({ batches }: TaskOutputs): number[][] {
  return batches.flatMap(({ target }) => matrix(leafOf(target)));
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
