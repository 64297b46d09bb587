export { type JsonLinesOptions, jsonLines } from './callbacks/json-lines';
export { type TensorBoardOptions, tensorBoard } from './callbacks/tensor-board';
