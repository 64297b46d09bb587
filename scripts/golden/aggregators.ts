import { equations } from './aggregators-equations';
import { programs } from './aggregators-programs';
import type { Cases, Precision } from './golden';
import { cases as jacobianMethods } from './jacobian-methods';

export const precision: Precision = 'float64';

export const cases: Cases = { ...jacobianMethods, ...programs, ...equations };
