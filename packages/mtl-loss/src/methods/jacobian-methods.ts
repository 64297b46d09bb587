import { dbMtl } from '../db-mtl';
import { gradDrop } from '../grad-drop';
import { mConfig } from '../m-config';
import { moco } from '../moco';
import { modo } from '../modo';
import { sdmgrad } from '../sdmgrad';
import { trimmedMean } from '../trimmed-mean';
import { type MethodInfo, method } from './method-info';

const decay = (name: string) =>
  ({ description: `The step t has ${name} / t to this power.`, type: 'number', default: 0.5, min: 0 }) as const;
const share = { type: 'number', min: 0, max: 1 } as const;
const decaying = { ...share, max: 0.999999 } as const;

export const jacobianMethods: readonly MethodInfo[] = [
  method(
    {
      name: 'gradDrop',
      family: 'jacobian-method',
      description: 'In each column draws a sign, the likelier the purer it is, and keeps the entries that have it.',
      cost: 'F + T·B',
      paper: {
        authors: 'Z. Chen et al.',
        year: 2020,
        title: 'Just pick a sign: optimizing deep multitask models with gradient sign dropout',
        arxiv: '2010.06808',
      },
      options: {
        leak: { description: "The share of every task's entries that is never dropped.", ...share, default: 0 },
        level: {
          description: 'Where signs are drawn: for each parameter, or for each feature of a shared representation.',
          type: 'choice',
          choices: ['parameters', 'representation'],
          default: 'parameters',
        },
      },
    },
    gradDrop,
  ),
  method(
    {
      name: 'trimmedMean',
      family: 'jacobian-method',
      description: 'In each column the mean without the greatest and the smallest entries.',
      cost: 'F + T·B',
      paper: {
        authors: 'D. Yin et al.',
        year: 2018,
        title: 'Byzantine-robust distributed learning: towards optimal statistical rates',
        arxiv: '1803.01498',
      },
      options: { trim: { description: 'Entries left out at each end.', type: 'number', default: 1, min: 0, integer: true } },
    },
    trimmedMean,
  ),
  method(
    {
      name: 'moco',
      family: 'jacobian-method',
      description: 'Weights for tracked gradients, whose noise has been averaged out.',
      cost: 'F + T·B',
      paper: {
        authors: 'H. Fernando et al.',
        year: 2023,
        title: 'Mitigating gradient bias in multi-objective learning: a provably convergent stochastic approach',
        arxiv: '2210.12624',
      },
      options: {
        beta: { description: 'How fast tracked gradients follow.', ...share, default: 0.5 },
        betaDecay: decay('beta'),
        gamma: { description: 'Step size of the weights.', type: 'number', default: 0.1, min: 0 },
        gammaDecay: decay('gamma'),
        regularization: { description: 'Pulls the weights together.', type: 'number', default: 0, min: 0 },
      },
    },
    moco,
  ),
  method(
    {
      name: 'modo',
      family: 'jacobian-method',
      description: 'MGDA step by step, from products of gradients of different batches, which have no bias.',
      cost: '3F + 3T·B',
      paper: {
        authors: 'L. Chen et al.',
        year: 2023,
        title: 'Three-way trade-off in multi-objective learning: optimization, generalization and conflict-avoidance',
        arxiv: '2305.20057',
      },
      options: {
        stepSize: { description: 'Step size of the weights.', type: 'number', default: 1e-3, min: 0 },
        regularization: { description: 'Pulls the weights together.', type: 'number', default: 0.1, min: 0 },
      },
    },
    modo,
  ),
  method(
    {
      name: 'sdmgrad',
      family: 'jacobian-method',
      description: 'MGDA near the mean gradient, from products of gradients of different batches.',
      cost: '3F + 3T·B',
      paper: {
        authors: 'P. Xiao, H. Ban, K. Ji',
        year: 2023,
        title: 'Direction-oriented multi-objective learning: simple and provable stochastic algorithms',
        arxiv: '2305.18409',
      },
      options: {
        lambda: { description: 'How much the update keeps of the mean gradient.', type: 'number', default: 0.3, min: 0 },
        iterations: { description: 'Steps of the inner problem.', type: 'number', default: 20, min: 1, integer: true },
        stepSize: { description: 'Their size.', type: 'number', default: 5, min: 0 },
        momentum: { description: 'Of the inner steps.', ...share, default: 0.5 },
        epsilon: { description: 'Added to squared norms.', type: 'number', default: 1e-8, min: 0 },
      },
    },
    sdmgrad,
  ),
  method(
    {
      name: 'mConfig',
      family: 'jacobian-method',
      description: 'ConFIG of momenta, so that one task a step will do.',
      cost: 'F + B for one task a step',
      paper: {
        authors: 'Q. Liu, M. Chu, N. Thuerey',
        year: 2024,
        title: 'ConFIG: towards conflict-free training of physics informed neural networks',
        arxiv: '2408.11104',
      },
      options: {
        beta1: { description: "Decay of each task's first moment.", ...decaying, default: 0.9 },
        beta2: { description: 'Decay of the second moment.', ...decaying, default: 0.999 },
        epsilon: { description: 'Added to the root of the second moment.', type: 'number', default: 1e-8, min: 0 },
        preference: { description: 'Wanted proportions of the projections, one a task.', type: 'numbers' },
        tolerance: { description: 'Share of the unit gradients below which an eigenvalue is a rounding error.', ...share, default: 1e-6 },
      },
    },
    mConfig,
  ),
  method(
    {
      name: 'dbMtl',
      family: 'jacobian-method',
      description: 'Gradients of log losses, averaged over steps and all brought to the greatest norm.',
      cost: 'F + T·B',
      paper: { authors: 'B. Lin et al.', year: 2023, title: 'Dual-balancing for multi-task learning', arxiv: '2308.12029' },
      options: {
        beta: { description: 'How much a gradient keeps of the average before it; 0 carries nothing.', ...share, default: 0.9 },
        betaDecay: decay('beta'),
        epsilon: { description: 'Added to losses and norms.', type: 'number', default: 1e-8, min: 0 },
      },
    },
    dbMtl,
  ),
];
