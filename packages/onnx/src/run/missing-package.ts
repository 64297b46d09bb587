import { TaskloomError } from '@taskloom/core';

export function missingPackage(name: string, cause: unknown): TaskloomError {
  return new TaskloomError('missing_package', 'ONNX Runtime is not installed.', { name, remedy: `npm install ${name}`, cause });
}
