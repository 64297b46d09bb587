import { alignedMtl } from '../aligned-mtl';
import { config } from '../config';
import { fairGrad } from '../fair-grad';
import { gradVac } from '../grad-vac';
import { float32Tolerance } from '../gramian-eigen';
import { imtl } from '../imtl';
import { imtlG } from '../imtl-g';
import { krum } from '../krum';
import { nashMtl } from '../nash-mtl';
import { type MethodInfo, method, type OptionInfo } from './method-info';

const tolerance = {
  type: 'number',
  default: float32Tolerance,
  min: 0,
  max: 1,
  description: 'A gradient of whose square no more than this lies outside the span of others depends on them.',
} satisfies OptionInfo;

const solution = {
  type: 'choice',
  choices: ['closed-form', 'pseudo-inverse'],
  default: 'closed-form',
  description: 'Which weights where gradients are linearly dependent: the paper’s, or TorchJD’s.',
} satisfies OptionInfo;

const imtlPaper = {
  authors: 'L. Liu, Y. Li, Z. Kuang, J.-H. Xue, Y. Chen, W. Yang, Q. Liao, W. Zhang',
  year: 2021,
  title: 'Towards Impartial Multi-task Learning',
};

/** Gradient balancers whose weights solve an equation of the Gramian, and GradVac and Krum. */
export const impartialBalancers: readonly MethodInfo[] = [
  method(
    {
      name: 'alignedMtl',
      family: 'gradient-balancer',
      description: 'Gradients made orthogonal and equally long before they are added.',
      cost: 'F + T·B',
      paper: {
        authors: 'D. Senushkin, N. Patakin, A. Kuznetsov, A. Konushin',
        year: 2023,
        title: 'Independent Component Alignment for Multi-Task Learning',
        arxiv: '2305.19000',
      },
      options: {
        scale: {
          type: 'choice',
          choices: ['min', 'median', 'rmse'],
          default: 'min',
          description: 'What all singular values become: the smallest, their median, or the root of their mean square.',
        },
        preference: { type: 'numbers', description: 'How much each task counts. Without it 1/T each.' },
        tolerance,
      },
    },
    alignedMtl,
  ),
  method(
    {
      name: 'config',
      family: 'gradient-balancer',
      description: 'The direction with equal projections on all unit gradients, as long as the gradients along it.',
      cost: 'F + T·B',
      paper: {
        authors: 'Q. Liu, M. Chu, N. Thuerey',
        year: 2024,
        title: 'ConFIG: Towards Conflict-free Training of Physics Informed Neural Networks',
        arxiv: '2408.11104',
      },
      options: { preference: { type: 'numbers', description: 'Proportions of the projections. Without it equal.' }, tolerance },
    },
    config,
  ),
  method(
    {
      name: 'fairGrad',
      family: 'gradient-balancer',
      description: 'The update of greatest α-fair utility of the tasks’ gains.',
      cost: 'F + T·B',
      paper: { authors: 'H. Ban, K. Ji', year: 2024, title: 'Fair Resource Allocation in Multi-Task Learning', arxiv: '2402.15638' },
      options: {
        alpha: {
          type: 'number',
          default: 1,
          min: 0.05,
          max: 50,
          description: 'Fairness: above 1 the tasks that gain least count for more.',
        },
      },
    },
    fairGrad,
  ),
  method(
    {
      name: 'gradVac',
      family: 'gradient-balancer',
      description: 'PCGrad towards the cosine that two tasks usually have, rather than towards none.',
      cost: 'F + T·B',
      paper: {
        authors: 'Z. Wang, Y. Tsvetkov, O. Firat, Y. Cao',
        year: 2020,
        title: 'Gradient Vaccine: Investigating and Improving Multi-task Optimization in Massively Multilingual Models',
        arxiv: '2010.05874',
      },
      options: {
        beta: { type: 'number', default: 0.01, min: 0, max: 1, description: 'How fast the targets follow the cosines.' },
        epsilon: { type: 'number', default: 0, min: 0, description: 'Added to denominators, as published code does.' },
      },
    },
    gradVac,
  ),
  method(
    {
      name: 'imtl',
      family: 'gradient-balancer',
      description: 'Losses scaled to equal size, and an update with equal projections on all unit gradients.',
      cost: 'F + T·B',
      paper: imtlPaper,
      options: {
        learningRate: { type: 'number', default: 0.1, min: 0, description: 'Of the steps on the log-scales.' },
        initial: { type: 'number', default: 0, min: -50, max: 50, description: 'Start of each log-scale.' },
        solution,
        tolerance,
      },
    },
    imtl,
  ),
  method(
    {
      name: 'imtlG',
      family: 'gradient-balancer',
      description: 'The update with equal projections on all unit gradients.',
      cost: 'F + T·B',
      paper: imtlPaper,
      options: { solution, tolerance },
    },
    imtlG,
  ),
  method(
    {
      name: 'krum',
      family: 'gradient-balancer',
      description: 'The mean of the gradients nearest to the others: robust against gradients that are wrong.',
      cost: 'F + T·B',
      paper: {
        authors: 'P. Blanchard, E. M. El Mhamdi, R. Guerraoui, J. Stainer',
        year: 2017,
        title: 'Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent',
        arxiv: '1703.02757',
      },
      options: {
        byzantine: { type: 'number', integer: true, default: 1, min: 0, description: 'How many gradients may be arbitrarily wrong.' },
        selected: { type: 'number', integer: true, default: 1, min: 1, description: 'How many gradients are averaged.' },
      },
    },
    krum,
  ),
  method(
    {
      name: 'nashMtl',
      family: 'gradient-balancer',
      description: 'The bargain among tasks: every task gains in proportion, whatever the scale of its gradient.',
      cost: 'F + T·B',
      paper: {
        authors: 'A. Navon, A. Shamsian, I. Achituve, H. Maron, K. Kawaguchi, G. Chechik, E. Fetaya',
        year: 2022,
        title: 'Multi-Task Learning as a Bargaining Game',
        arxiv: '2202.01017',
      },
      options: {
        maxNorm: { type: 'number', default: 1, min: 0, description: 'Greatest norm of the update; 0 for none.' },
        updateEvery: { type: 'number', integer: true, default: 1, min: 1, description: 'Weights are computed in every n-th step.' },
      },
    },
    nashMtl,
  ),
];
