import { flatten, mapParams, type Params, valueAndGradients } from '@taskloom/core';
import { type MetaLoss, maml } from '@taskloom/maml';
import {
  add,
  exp,
  log,
  matMul,
  mean,
  mul,
  neg,
  oneHot,
  relu,
  square,
  stack,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
  tensor1d,
  tensor2d,
} from '@tensorflow/tfjs-core';
import type { Cases, Check, GoldenCase, Handler, Numbers, Precision } from './golden';

export const precision: Precision = 'float32';

type Data = { readonly x: Tensor; readonly y: Tensor };
type Task = Record<'supportX' | 'supportY' | 'queryX' | 'queryY', number[][]>;
type Tree = { readonly [name: string]: Numbers };

const toParams = (tree: Tree): Params =>
  Object.fromEntries(Object.entries(tree).map(([name, values]) => [name, tensor(values as number[])]));

/** h = act(h W + b), the last layer linear; mean squared error, or the mean cross-entropy written by logits − log Σ exp. */
function lossOf({ options, parameters }: GoldenCase): MetaLoss<Params, Data> {
  const layers = Object.keys(parameters).length / 2;
  const activation = options.activation === 'relu' ? relu : tanh;
  const network = (params: Params, x: Tensor): Tensor => {
    let h = x;
    for (let i = 1; i <= layers; i++) {
      h = add(matMul(h, params[`W${i}`] as Tensor), params[`b${i}`] as Tensor);
      if (i < layers) h = activation(h);
    }
    return h;
  };
  if (String(options.loss).startsWith('mean squared')) return (params, { x, y }) => mean(square(sub(network(params, x), y)));
  return (params, { x, y }) => {
    const logits = network(params, x);
    return neg(mean(sum(mul(y, sub(logits, logSumExp(logits))), -1)));
  };
}

const logSumExp = (logits: Tensor): Tensor => log(sum(exp(logits), -1, true));

function tasksOf({ options, tasks }: GoldenCase) {
  const target = (y: number[][]) =>
    String(options.loss).startsWith('mean squared')
      ? tensor2d(y)
      : oneHot(tensor1d(y as unknown as number[], 'int32'), 1 + Math.max(...(y as unknown as number[])));
  return (tasks as Task[]).map((task) => ({
    support: { x: tensor2d(task.supportX), y: target(task.supportY) },
    query: { x: tensor2d(task.queryX), y: target(task.queryY) },
  }));
}

/** One check per leaf that the reference names. */
function sameTree(name: string, got: Params, expected: Tree): Check[] {
  const flat = flatten(got);
  return Object.entries(expected).map(([path, values]) => ({
    name: `${name} ${path}`,
    got: flat.get(path)?.dataSync() ?? [],
    expected: values,
  }));
}

function methodOf(given: GoldenCase, order: 'first' | 'second', lastLayerOnly: boolean) {
  const last = Object.keys(given.parameters).length / 2;
  return maml<Params, Data>({
    loss: lossOf(given),
    innerLearningRate: given.options.innerLr as number | undefined,
    steps: given.options.innerSteps as number,
    order,
    adapts: lastLayerOnly ? [`W${last}`, `b${last}`] : '**',
  });
}

function metaLearning(order: 'first' | 'second', lastLayerOnly = false): Handler {
  return (given) => {
    const method = methodOf(given, order, lastLayerOnly);
    const theta = toParams(given.parameters);
    const tasks = tasksOf(given);
    const { value, gradients, perTask } = method.metaGradients(theta, tasks);
    const expected = given.perTask as { queryLoss: number; adapted?: Tree }[];
    return [
      { name: 'meta-loss', got: value.dataSync(), expected: [given.metaLoss] },
      { name: 'query losses', got: perTask.dataSync(), expected: expected.map((task) => task.queryLoss) },
      ...sameTree('meta-gradient', gradients, given.metaGradient),
      ...tasks.flatMap(({ support }, i) =>
        expected[i]!.adapted ? sameTree(`adapted, task ${i},`, method.adapt(theta, support), expected[i]!.adapted) : [],
      ),
    ];
  };
}

/** Learned rates: the meta-loss is differentiated with respect to parameters and rates at once. */
const metaSgd: Handler = (given) => {
  const method = methodOf(given, 'second', false);
  const tasks = tasksOf(given);
  const all = { theta: toParams(given.parameters), alpha: toParams(given.learningRates) };
  const { value, gradients } = valueAndGradients(({ theta, alpha }) => method.metaLoss(theta, tasks, { innerLearningRate: alpha }), all);
  return [
    { name: 'meta-loss', got: value.dataSync(), expected: [given.metaLoss] },
    ...sameTree('meta-gradient', gradients.theta, given.metaGradient),
    ...sameTree('learning-rate gradient', gradients.alpha, given.learningRateGradient),
  ];
};

/** Reptile's direction is the mean of φ − θ, which `adapt` gives. */
const reptile: Handler = (given) => {
  const method = methodOf(given, 'first', false);
  const theta = toParams(given.parameters);
  const adapted = tasksOf(given).map(({ support }) => flatten(method.adapt(theta, support)));
  const delta = mapParams(theta, (leaf, path) => mean(sub(stack(adapted.map((phi) => phi.get(path)!)), leaf), 0));
  return [
    ...sameTree('delta', delta, given.delta),
    ...(given.adapted as Tree[]).flatMap((tree, i) => sameTree(`adapted, task ${i},`, Object.fromEntries(adapted[i]!), tree)),
  ];
};

export const cases: Cases = {
  maml: metaLearning('second'),
  fomaml: metaLearning('first'),
  anil: metaLearning('second', true),
  'fo-anil': metaLearning('first', true),
  'meta-sgd': metaSgd,
  reptile,
};
