export { combineRows, gramianOf, jacobianMemory } from '@taskloom/core';
