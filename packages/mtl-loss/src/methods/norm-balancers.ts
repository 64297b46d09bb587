import { gradNorm } from '../grad-norm';
import { type MethodInfo, method } from './method-info';

export const normBalancers: readonly MethodInfo[] = [
  method(
    {
      name: 'gradNorm',
      family: 'gradient-balancer',
      description: 'Weights learned so that gradients have like norms, longer ones for tasks that lag.',
      cost: 'F + T·B',
      paper: {
        authors: 'Z. Chen, V. Badrinarayanan, C.-Y. Lee, A. Rabinovich',
        year: 2018,
        title: 'GradNorm: Gradient Normalization for Adaptive Loss Balancing in Deep Multitask Networks',
        arxiv: '1711.02257',
      },
      options: {
        alpha: { type: 'number', default: 1.5, description: 'How strongly a task that lags is helped; 0 makes all norms equal.' },
        form: {
          type: 'choice',
          choices: ['weights', 'softmax'],
          default: 'weights',
          description: 'What is trained: the weights, brought back to sum T, or logits of them.',
        },
        learningRate: { type: 'number', default: 0.025, min: 0, description: 'Of the weights.' },
        optimizer: { type: 'choice', choices: ['adam', 'sgd'], default: 'adam', description: 'Of the weights.' },
        initialLosses: { type: 'numbers', description: 'L(0), one a task. Without them those of the first step.' },
      },
    },
    gradNorm,
  ),
];
