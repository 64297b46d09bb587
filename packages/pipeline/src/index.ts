export { balancers } from './balancers';
export { evaluateBaseline } from './baseline';
export { type CheckOptions, type ConfigProblem, defineConfig, resolveConfig } from './config';
export { type DataProvider, memoryData, type Row } from './data-provider';
export { type DataFinding, type DataReport, inspectData, nearCopy, type SourceDescription, type TaskDescription } from './data-report';
export { type ConfigDiagnosis, type DiagnoseConfigOptions, diagnose } from './diagnose';
export { type Execution, executions } from './execution';
export { type ExportedFile, type ExportRunOptions, exportRun, type RunExport } from './export/export-run';
export { modelFiles, type Precision, precisions } from './export/files';
export { type ExportedModel, type OpenExportOptions, openExport, type Predictor } from './export/open-export';
export type { Agreement } from './export/verify';
export { encoderText } from './features';
export { type FineTuneOptions, type FineTuneResult, fineTune } from './fine-tune';
export { type EvaluateRunOptions, evaluate, loadRun, type Run, type RunEvaluation, type TaskInfo } from './load-run';
export type { Prediction, TaggedSpan, TaskPrediction } from './predictions';
export type { PredictInput, PredictOptions } from './predictor';
export { hasRun, type RunDescription, readOrigin, readRun } from './run-files';
export {
  type Config,
  configSchema,
  type FeaturesConfig,
  type GatingConfig,
  type ResolvedConfig,
  type TaskEmbeddingConfig,
  type TrunkConfig,
} from './schema';
export { type SingleTask, singleTaskConfigs } from './single-tasks';
export type { TaskConfig } from './task-schema';
export { type ProgressEvent, resume, type TrainOptions, type TrainResult, train } from './train';
export type { TrainingConfig } from './training-schema';
