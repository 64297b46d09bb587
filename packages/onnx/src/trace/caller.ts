/** Frames of TensorFlow.js (its sources, too, where source maps name them) and of installed packages of ours, bundlers' copies of them included, and of the engine that runs JavaScript. */
const installed =
  /@(?:tensorflow|taskloom)[\\/_+]|[\\/]tfjs-(?:core|layers|data|converter|backend-\w+)[\\/]src[\\/]|node:internal|\(<anonymous>\)/;

/** The folder that this package is in: where it is not installed, our other packages are beside it. In a bundle there is none. */
const beside = /^(?:file:\/\/)?\/*(.*\/)onnx\/(?:src|dist)\//.exec(String(import.meta.url))?.[1];
const spellings = beside === undefined ? [] : [beside, decodeURI(beside)];

/** The user's line in a stack: the first that is neither TensorFlow.js nor ours. Empty where there is none. */
export function callerOf({ stack = '' }: Error): string {
  const line = stack
    .split('\n')
    .slice(1)
    .find((frame) => !installed.test(frame) && !isOurs(frame));
  return line?.trim().replace(/^at /, '') ?? '';
}

function isOurs(frame: string): boolean {
  const path = frame.replaceAll('\\', '/');
  return spellings.some((folder) => /^[\w-]+\/(?:src|dist)\//.test(path.split(folder)[1] ?? ''));
}
