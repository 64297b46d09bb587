import { type Branch, countParams, flatten, type Host, type HostArray, hostArray, hostRandom } from '@taskloom/core';
import { tell } from './callbacks/tell';
import { checkpointsIn } from './checkpoints';
import { diverged, overflowed } from './diverged';
import { judged, scoreOf } from './early-stopping';
import { type Evaluator, type EvaluatorState, evaluatorOf } from './evaluate';
import { averaged, copied, notFinite, paramsFrom, restored, startingParams } from './fit-state';
import { type HostBalancing, hostBalancing } from './host-balancing';
import { type HostTables, hostTables } from './host-tables';
import { type Plan, planOf, setupOf } from './plan';
import type { Progress } from './progress';
import { rowStream } from './row-stream';
import { initialState, type StepOptions, type StepState, trainingStep } from './step';
import { drawBatches } from './step-batches';
import { tailAverage } from './tail-average';
import { pauses, throughput } from './throughput';
import { emptyLog, withEpoch, withEvaluation, withStep } from './training-log';
import type { FeatureFitOptions, FitOptions, FitResult, HostModel, StepLogs } from './types';

/**
 * Trains a multi-task model: draw rows from the sources, join them to batches, run forward, losses, balancing and update as one compiled step, evaluate on a
 * schedule, keep the best, save.
 *
 * All that varies is an input of the step or a function of seed and step number, and a checkpoint holds the rest (parameters, buffers, optimiser, balancer, rows drawn,
 * history, early stopping): a run that was killed and goes on with `resume` ends with the same bits as one that was not, on the same executor.
 *
 * Throws `diverged`, naming step and task, when a loss, a gradient or a parameter is not finite (the last checkpoint is good, and a resumed run repeats the steps since), `config_changed` when a checkpoint of another
 * set-up is resumed, `bad_state` or `file_corrupt` when it holds what training would not have written, `store_in_use` when a new run would mix its checkpoints with those of another, `unsupported` for balancing at features that is not sound there or that the model has not. The caller owns the tensors of the result.
 */
export async function fit(options: FitOptions | FeatureFitOptions): Promise<FitResult> {
  const plan = planOf(options);
  const { tasks, steps, stepsPerEpoch, callbacks } = plan;
  const stream = rowStream({ ...plan, sources: plan.train.sources, draws: plan.draws });
  const balancing = hostBalancing(plan.balancer, tasks, plan.seed);
  const keys = hostRandom(plan.seed).fold('steps');
  const speed = throughput();
  const pause = pauses();
  const checkpoints = plan.store && checkpointsIn(plan.store, plan.keep, setupOf(plan));

  let progress: Progress = {
    step: 0,
    stopped: false,
    stopping: { stale: 0 },
    log: emptyLog,
    rows: stream.state(),
    balancing: balancing.state(),
  };
  let best: { step: number; score: number; state: Host<EvaluatorState> } | undefined;
  const saved = plan.resume ? await checkpoints?.newest() : await checkpoints?.assertNone();
  if (saved) {
    progress = saved.progress;
    stream.load(progress.rows);
    balancing.load(progress.balancing);
    const kept = progress.stopping.best && (await checkpoints?.modelAt(progress.stopping.best.step));
    if (progress.stopping.best && kept) best = { ...progress.stopping.best, state: kept };
  }

  const start = startingParams(plan);
  const parameters = countParams(start.params);
  const tail = tailAverage(plan, start.params);
  const { tables, rest } = hostTables(plan, start.params);
  const state = initialState({ ...plan, hasTables: tables.paths.size > 0 }, { ...start, params: rest });
  const resumed = saved && restored(state, saved.state, best?.state, tables, tail?.forms(progress.step));
  if (resumed) tail?.load(flatten(saved.state as unknown as Branch<HostArray>));
  const evaluatorStart = plan.validation && withTables(copied({ params: rest, buffers: start.buffers }), tables);
  const step = trainingStep({ ...plan, balancing: totalOf(plan, balancing), lossesAfter: balancing.afterStep !== undefined });
  const trainer = await plan.executor.compile(step, { state });
  const evaluator = evaluatorStart && (await evaluatorOf({ ...plan, state: evaluatorStart }));

  /** The state, which is only saved or returned if an update has not overflowed. */
  const goodState = async (): Promise<Host<StepState>> => {
    const read = tables.within(await trainer.readState());
    const state = tail?.within(read) ?? read;
    const spoilt = notFinite(state);
    if (spoilt !== undefined) throw overflowed(progress.step, spoilt, await checkpoints?.last());
    return state;
  };

  const readModel = async (): Promise<HostModel> => {
    const { params, buffers } = tables.within(await trainer.readState());
    return { params, buffers };
  };

  try {
    if (resumed) await trainer.load(resumed);
    await tell(callbacks, 'onTrainBegin', { steps, stepsPerEpoch, tasks, parameters, startStep: progress.step });

    while (progress.step < steps && !progress.stopped && !plan.signal?.aborted) {
      const index = progress.step;
      const epoch = Math.floor(index / stepsPerEpoch);
      if (index % stepsPerEpoch === 0) await tell(callbacks, 'onEpochBegin', epoch);
      await tell(callbacks, 'onBatchBegin', index);
      const began = performance.now();

      // Sample, batch.
      const { batches, present, rows } = drawBatches(plan.train, stream, tasks, plan);
      balancing.begin({ step: index, epoch, present });

      // Forward, losses, balance, update.
      const learningRate = plan.learningRateAt(index);
      const seen = tables.view(batches);
      const outputs = await trainer({
        batches: seen.batches as unknown as Branch<HostArray>,
        tables: seen.tables,
        key: hostArray(Int32Array.from(keys.fold(index).key)),
        step: hostArray(Float32Array.of(index), []),
        learningRate: hostArray(Float32Array.of(learningRate), []),
      });
      const losses = Float64Array.from(outputs.losses.data);
      if (outputs.finite.data[0] === 0) throw diverged(index, tasks, losses, await checkpoints?.last());
      if (outputs.tables) seen.update(outputs.tables as Branch<HostArray>, { step: index, learningRate });
      if (tail?.takes(index + 1)) tail.add(index + 1, tables.within(await trainer.readState()));
      balancing.ahead?.note(losses);
      if (outputs.lossesAfter) balancing.afterStep?.(losses, Float64Array.from((outputs.lossesAfter as HostArray).data));
      const seconds = (performance.now() - began) / 1000;
      speed.record(seconds);

      // Tell.
      const step = index + 1;
      const byTask = (values: ArrayLike<number>) =>
        Object.fromEntries(tasks.flatMap((task, i) => (present[i] ? [[task, values[i]!]] : [])));
      const logs: StepLogs = {
        step,
        steps,
        epoch,
        loss: outputs.total.data[0]!,
        losses: byTask(losses),
        weights: byTask(outputs.weights.data),
        ...balancing.conflict(),
        gradientNorm: outputs.gradientNorm.data[0]!,
        learningRate,
        rowsPerSecond: speed.rowsPerSecond(rows),
        secondsLeft: speed.secondsFor(steps - step),
      };
      progress = { ...progress, step, log: withStep(progress.log, logs.loss, logs.losses, seconds) };
      await tell(callbacks, 'onBatchEnd', index, logs, readModel);

      // Evaluate, keep the best.
      const epochEnds = step % stepsPerEpoch === 0 || step === steps;
      const evaluates = evaluator && (step === steps || (plan.evaluateEvery === 'epoch' ? epochEnds : step % plan.evaluateEvery === 0));
      let state: Host<StepState> | undefined;
      let improved = false;
      if (evaluates) {
        await tell(callbacks, 'onTestBegin', step);
        state = await goodState();
        const evaluation = await evaluated(evaluator, state, plan);
        const verdict = judged(progress.stopping, step, scoreOf(evaluation, plan.earlyStopping.metric), plan.earlyStopping);
        improved = verdict.improved;
        if (improved) best = { ...verdict.state.best!, state: averaged(state) };
        progress = { ...progress, stopping: verdict.state, stopped: verdict.stop, log: withEvaluation(progress.log, step, evaluation) };
        await tell(callbacks, 'onTestEnd', step, evaluation);
      }
      if (epochEnds) {
        if (step % stepsPerEpoch === 0) balancing.endEpoch();
        const closed = withEpoch(progress.log, epoch, step, learningRate);
        progress = { ...progress, log: closed.log };
        await tell(callbacks, 'onEpochEnd', epoch, closed.logs);
      }

      // Save.
      progress = { ...progress, rows: stream.state(), balancing: balancing.state() };
      const due = plan.checkpointEvery ? step % plan.checkpointEvery === 0 : evaluates || epochEnds;
      if (checkpoints && (due || improved || step === steps || progress.stopped)) {
        await tell(callbacks, 'onSave', step, await checkpoints.save(state ?? (await goodState()), progress));
      }
      await pause();
    }

    const final = await goodState();
    const interrupted = progress.step < steps && !progress.stopped;
    if (interrupted && checkpoints) await tell(callbacks, 'onSave', progress.step, await checkpoints.save(final, progress));
    const result = {
      history: progress.log.history,
      step: progress.step,
      interrupted,
      stoppedEarly: progress.stopped && progress.step < steps,
      effectiveEpochs: stream.effectiveEpochs(),
    };
    await tell(callbacks, 'onTrainEnd', result);
    return {
      ...result,
      ...paramsFrom(averaged(final)),
      ...(best ? { best: { step: best.step, score: best.score, ...paramsFrom(best.state) } } : {}),
    };
  } finally {
    trainer.dispose();
    evaluator?.dispose();
  }
}

function totalOf({ balancer, at }: Plan, { weighLosses, ahead, weighGramian, weighRows }: HostBalancing): StepOptions['balancing'] {
  switch (balancer?.kind) {
    case 'scalarization':
      return balancer;
    case 'loss-weighting':
      return ahead ?? weighLosses;
    case 'gradient-balancer':
      return { weighGramian, at };
    case 'jacobian-method':
      return { weighRows, method: balancer, at };
    default:
      return 'sum';
  }
}

function withTables({ params, buffers }: EvaluatorState, tables: HostTables): EvaluatorState {
  return { params: tables.among(params), buffers };
}

async function evaluated(evaluator: Evaluator, state: Host<StepState>, { validation, evaluationBatchSize }: Plan) {
  await evaluator.load(averaged(state));
  return evaluator.evaluate(validation!, evaluationBatchSize);
}
