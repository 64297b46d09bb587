export { type DiagnoseOptions, diagnose } from './diagnose';
export { type ConflictCourse, type Diagnosis, diagnosisOf, type TaskDiagnosis } from './diagnosis';
export { diagnosisPage } from './diagnosis-page';
export { effectiveRank } from './eigenvalues';
export { type HeatMapOptions, heatMap } from './heat-map';
export type { Measurement } from './measurement';
export type { Spread } from './statistics';
export type { Verdict, VerdictKind } from './verdict';
