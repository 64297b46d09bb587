import { excessMtl } from '../excess-mtl';
import { gradNorm } from '../grad-norm';
import { type MethodInfo, method } from './method-info';

/** What reads the norms of task gradients and no angles between them. */
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
  method(
    {
      name: 'excessMtl',
      family: 'jacobian-method',
      description: 'More weight for tasks that are far from the best they can reach; noisy labels earn none.',
      cost: 'F + T·B',
      paper: {
        authors: 'Y. He, S. Zhou, G. Zhang, H. Yun, Y. Xu, B. Zeng, T. Chilimbi, H. Zhao',
        year: 2024,
        title: 'Robust Multi-Task Learning with Excess Risks',
        arxiv: '2402.02009',
      },
      options: {
        learningRate: { type: 'number', default: 0.01, min: 0, description: "Of the weights' multiplicative update." },
        epsilon: { type: 'number', default: 1e-7, min: 1e-30, description: 'Added to the sums of squares.' },
      },
    },
    excessMtl,
  ),
];
