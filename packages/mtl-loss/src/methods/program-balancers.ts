import { cagrad } from '../cagrad';
import { dualProj } from '../dual-proj';
import { mean } from '../mean';
import { mgda } from '../mgda';
import { pcgrad } from '../pcgrad';
import { rgw } from '../rgw';
import { upgrad } from '../upgrad';
import { type MethodInfo, method, type OptionInfo } from './method-info';

const dualCone = {
  preference: { type: 'numbers', description: 'How much each task counts. Without it 1/T each.' },
  regEps: {
    type: 'number',
    default: 1e-4,
    min: 0,
    description: 'Bounds weights where gradients nearly cancel; 0 is the exact projection.',
  },
  normEps: { type: 'number', default: 1e-4, min: 0, description: 'A Gramian of a smaller trace is taken for zero.' },
} satisfies { [name: string]: OptionInfo };

const upgradPaper = {
  authors: 'P. Quinton, V. Rey',
  year: 2024,
  title: 'Jacobian Descent for Multi-Objective Optimization',
  arxiv: '2406.16232',
};

/** Gradient balancers that solve a quadratic program, surgery, and the baselines. */
export const programBalancers: readonly MethodInfo[] = [
  method({ name: 'mean', family: 'gradient-balancer', description: 'The gradient of the mean loss.', cost: 'F + T·B', options: {} }, mean),
  method(
    {
      name: 'rgw',
      family: 'gradient-balancer',
      description: 'Random weights of sum 1 in each step: the baseline to beat.',
      cost: 'F + T·B',
      paper: {
        authors: 'B. Lin, F. Ye, Y. Zhang, I. W. Tsang',
        year: 2022,
        title: 'Reasonable Effectiveness of Random Weighting: A Litmus Test for Multi-Task Learning',
        arxiv: '2111.10603',
      },
      options: {},
    },
    rgw,
  ),
  method(
    {
      name: 'mgda',
      family: 'gradient-balancer',
      description: 'The shortest convex combination of gradients, which conflicts with none.',
      cost: 'F + T·B',
      paper: {
        authors: 'O. Sener, V. Koltun',
        year: 2018,
        title: 'Multi-Task Learning as Multi-Objective Optimization',
        arxiv: '1810.04650',
      },
      options: {
        solver: {
          type: 'choice',
          choices: ['exact', 'frank-wolfe', 'projected-gradient'],
          default: 'exact',
          description: 'The solution, or the iteration of the paper or of its code.',
        },
        epsilon: { type: 'number', min: 0, description: 'An iteration stops at a change below this.' },
        iterations: { type: 'number', min: 1, integer: true, description: 'And after this many steps.' },
        clamp: { type: 'number', default: 0, min: 0, max: 0.5, description: 'How near projected-gradient may go to leaving a task out.' },
        normalization: {
          type: 'choice',
          choices: ['none', 'l2', 'loss', 'loss+'],
          default: 'none',
          description: 'What gradients are divided by: nothing, their norm, their loss, or both.',
        },
      },
    },
    mgda,
  ),
  method(
    {
      name: 'pcgrad',
      family: 'gradient-balancer',
      description: 'Takes from each gradient what points against another.',
      cost: 'F + T·B',
      paper: {
        authors: 'T. Yu, S. Kumar, A. Gupta, S. Levine, K. Hausman, C. Finn',
        year: 2020,
        title: 'Gradient Surgery for Multi-Task Learning',
        arxiv: '2001.06782',
      },
      options: {
        reduction: { type: 'choice', choices: ['sum', 'mean'], default: 'sum', description: 'Of the projected gradients.' },
      },
    },
    pcgrad,
  ),
  method(
    {
      name: 'cagrad',
      family: 'gradient-balancer',
      description: 'Near the mean gradient, what helps the worst-off task most.',
      cost: 'F + T·B',
      paper: {
        authors: 'B. Liu, X. Liu, X. Jin, P. Stone, Q. Liu',
        year: 2021,
        title: 'Conflict-Averse Gradient Descent for Multi-task Learning',
        arxiv: '2110.14048',
      },
      options: {
        c: { type: 'number', default: 0.4, min: 0, description: 'How far from the mean, in units of its norm.' },
        rescale: {
          type: 'number',
          default: 1,
          min: 0,
          max: 2,
          integer: true,
          description: 'Divide the update by 1 (0), 1 + c² (1) or 1 + c (2).',
        },
        normEps: { type: 'number', default: 1e-4, min: 0, description: 'No update where the worst-off combination is relatively shorter.' },
      },
    },
    cagrad,
  ),
  method(
    {
      name: 'upgrad',
      family: 'gradient-balancer',
      description: 'Each gradient without its conflicts with the others, then their mean.',
      cost: 'F + T·B',
      paper: upgradPaper,
      options: dualCone,
    },
    upgrad,
  ),
  method(
    {
      name: 'dualProj',
      family: 'gradient-balancer',
      description: 'The nearest to the mean gradient that conflicts with no task.',
      cost: 'F + T·B',
      paper: {
        authors: 'D. Lopez-Paz, M. Ranzato',
        year: 2017,
        title: 'Gradient Episodic Memory for Continual Learning',
        arxiv: '1706.08840',
      },
      options: dualCone,
    },
    dualProj,
  ),
];
