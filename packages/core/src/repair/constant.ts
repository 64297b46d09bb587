import { type Rule, type Rules, zerosOf } from './rule';

/** The derivative is zero wherever there is one. */
function zeroFor(...inputs: string[]): Rule {
  return { inputs, gradient: (_, saved) => Object.fromEntries(inputs.map((name, i) => [name, () => zerosOf(saved[i]!)])) };
}

const unary = [
  'All',
  'Any',
  'ArgMax',
  'ArgMin',
  'Ceil',
  'Floor',
  'IsFinite',
  'IsInf',
  'IsNan',
  'LogicalNot',
  'OnesLike',
  'Round',
  'Sign',
  'Step',
  'ZerosLike',
];
const binary = ['Equal', 'FloorDiv', 'Greater', 'GreaterEqual', 'Less', 'LessEqual', 'LogicalAnd', 'LogicalOr', 'LogicalXor', 'NotEqual'];

/** Comparisons, logic, rounding and counting: piecewise constant functions. */
export const constantRules: Rules = {
  ...Object.fromEntries(unary.map((kernel) => [kernel, zeroFor('x')])),
  ...Object.fromEntries(binary.map((kernel) => [kernel, zeroFor('a', 'b')])),
  OneHot: zeroFor('indices'),
};
