import { gls } from '../gls';
import { imtlL } from '../imtl-l';
import { log } from '../log';
import { smoothTchebycheff } from '../smooth-tchebycheff';
import { sum } from '../sum';
import { uncertainty } from '../uncertainty';
import { type MethodInfo, method } from './method-info';

const epsilon = { type: 'number', default: 1e-8, min: 1e-30, description: 'Added to each loss, so that its logarithm is finite.' } as const;

export const scalarizations: readonly MethodInfo[] = [
  method(
    {
      name: 'sum',
      family: 'scalarization',
      description: 'The sum of the losses: the default, and the baseline of every comparison.',
      cost: 'F + B',
      paper: {
        authors: 'V. Kurin, A. De Palma, I. Kostrikov, S. Whiteson, M. P. Kumar',
        year: 2022,
        title: 'In Defense of the Unitary Scalarization for Deep Multi-Task Learning',
        arxiv: '2201.04122',
      },
      options: {},
    },
    sum,
  ),
  method(
    {
      name: 'log',
      family: 'scalarization',
      description: 'The sum of the logarithms of the losses: free of their scales, the second baseline.',
      cost: 'F + B',
      options: { epsilon },
    },
    log,
  ),
  method(
    {
      name: 'gls',
      family: 'scalarization',
      description: 'The geometric mean of the losses.',
      cost: 'F + B',
      paper: {
        authors: 'S. Chennupati, G. Sistu, S. Yogamani, S. A. Rawashdeh',
        year: 2019,
        title: 'MultiNet++: Multi-Stream Feature Aggregation and Geometric Loss Strategy for Multi-Task Learning',
        arxiv: '1904.08492',
      },
      options: { epsilon },
    },
    gls,
  ),
  method(
    {
      name: 'uncertainty',
      family: 'scalarization',
      description: 'Weights from a noise level that is learned for each task.',
      cost: 'F + B',
      paper: {
        authors: 'A. Kendall, Y. Gal, R. Cipolla',
        year: 2018,
        title: 'Multi-Task Learning Using Uncertainty to Weigh Losses for Scene Geometry and Semantics',
        arxiv: '1705.07115',
      },
      options: {
        kinds: {
          type: 'choice',
          choices: ['regression', 'classification'],
          default: 'regression',
          description: 'Whether the losses are squared errors or cross-entropies; in code also by task.',
        },
        initial: { type: 'number', default: 0, description: 'Start of log σ².' },
        form: {
          type: 'choice',
          choices: ['kendall', 'revised'],
          default: 'kendall',
          description: 'The regulariser: ½ log σ², or log(1 + σ²), which stays positive.',
        },
      },
    },
    uncertainty,
  ),
  method(
    {
      name: 'imtlL',
      family: 'scalarization',
      description: 'A scale learned for each loss, so that all scaled losses become equal.',
      cost: 'F + B',
      paper: {
        authors: 'L. Liu, Y. Li, Z. Kuang, J.-H. Xue, Y. Chen, W. Yang, Q. Liao, W. Zhang',
        year: 2021,
        title: 'Towards Impartial Multi-task Learning',
      },
      options: { initial: { type: 'number', default: 0, description: 'Start of the log-scales.' } },
    },
    imtlL,
  ),
  method(
    {
      name: 'smoothTchebycheff',
      family: 'scalarization',
      description: 'A smooth maximum of what each loss lacks to its ideal, by preference.',
      cost: 'F + B',
      paper: {
        authors: 'X. Lin, X. Zhang, Z. Yang, F. Liu, Z. Wang, Q. Zhang',
        year: 2024,
        title: 'Smooth Tchebycheff Scalarization for Multi-Objective Optimization',
        arxiv: '2402.19078',
      },
      options: {
        mu: { type: 'number', default: 1, min: 1e-6, description: 'Smoothness: the smaller, the nearer to the plain maximum.' },
        preference: { type: 'numbers', description: 'λ, one a task. Without it 1/T each.' },
        ideal: { type: 'numbers', description: 'The best that each loss can become. Without it 0 each.' },
      },
    },
    smoothTchebycheff,
  ),
];
