import { dynamicWeightAverage } from '../dynamic-weight-average';
import { famo } from '../famo';
import { fixed } from '../fixed';
import { rlw } from '../rlw';
import { stch } from '../stch';
import { type MethodInfo, method } from './method-info';

export const lossWeightings: readonly MethodInfo[] = [
  method(
    {
      name: 'fixed',
      family: 'loss-weighting',
      description: 'Weights of your own.',
      cost: 'F + B',
      options: { weights: { type: 'numbers', description: 'One a task. Without them 1 each.' } },
    },
    ({ weights }: { readonly weights?: readonly number[] }) => fixed(weights),
  ),
  method(
    {
      name: 'dynamicWeightAverage',
      family: 'loss-weighting',
      description: 'More weight for tasks whose loss fell slowly in the last two epochs.',
      cost: 'F + B',
      paper: {
        authors: 'S. Liu, E. Johns, A. J. Davison',
        year: 2019,
        title: 'End-to-End Multi-Task Learning with Attention',
        arxiv: '1803.10704',
      },
      options: {
        temperature: { type: 'number', default: 2, min: 1e-3, description: 'Softness of the softmax.' },
        window: { type: 'number', integer: true, min: 1, description: 'Steps to take the place of an epoch. Without it epochs.' },
      },
    },
    dynamicWeightAverage,
  ),
  method(
    {
      name: 'rlw',
      family: 'loss-weighting',
      description: 'Random weights, drawn anew at each step: what a method has to beat.',
      cost: 'F + B',
      paper: {
        authors: 'B. Lin, F. Ye, Y. Zhang, I. W. Tsang',
        year: 2022,
        title: 'Reasonable Effectiveness of Random Weighting: A Litmus Test for Multi-Task Learning',
        arxiv: '2111.10603',
      },
      options: {
        distribution: {
          type: 'choice',
          choices: ['normal', 'dirichlet'],
          default: 'normal',
          description: 'The softmax of normal draws, or uniform on the simplex.',
        },
      },
    },
    rlw,
  ),
  method(
    {
      name: 'famo',
      family: 'loss-weighting',
      description: 'All losses fall at the same relative pace, without gradients of single tasks.',
      cost: '2F + B',
      paper: {
        authors: 'B. Liu, Y. Feng, P. Stone, Q. Liu',
        year: 2023,
        title: 'FAMO: Fast Adaptive Multitask Optimization',
        arxiv: '2306.03792',
      },
      options: {
        learningRate: { type: 'number', default: 0.025, min: 0, description: 'Of Adam on the task logits.' },
        gamma: { type: 'number', default: 1e-3, min: 0, description: 'How fast old lessons are forgotten.' },
        minLosses: { type: 'numbers', description: 'The least that each loss can become. Without it 0 each.' },
        epsilon: { type: 'number', default: 1e-8, min: 1e-30, description: 'Added to each loss, so that its logarithm is finite.' },
        beta1: { type: 'number', default: 0.9, min: 0, max: 0.999999, description: 'Of Adam: decay of the mean.' },
        beta2: { type: 'number', default: 0.999, min: 0, max: 0.999999, description: 'Of Adam: decay of the variance.' },
      },
    },
    famo,
  ),
  method(
    {
      name: 'stch',
      family: 'loss-weighting',
      description: 'A smooth maximum of how little each loss has fallen since a warm-up.',
      cost: 'F + B',
      paper: {
        authors: 'X. Lin, X. Zhang, Z. Yang, F. Liu, Z. Wang, Q. Zhang',
        year: 2024,
        title: 'Smooth Tchebycheff Scalarization for Multi-Objective Optimization',
        arxiv: '2402.19078',
      },
      options: {
        mu: {
          type: 'number',
          default: 1,
          min: 1e-6,
          description: 'Smoothness: the smaller, the more of the weight the task that lags most gets.',
        },
        warmupEpochs: { type: 'number', default: 4, integer: true, min: 0, description: 'Epochs of warm-up; the last one measures.' },
        epsilon: { type: 'number', default: 1e-8, min: 1e-30, description: 'Added to each loss, so that its logarithm is finite.' },
      },
    },
    stch,
  ),
];
