import { execFile } from 'node:child_process';

const resolve = `export async function resolve(name, context, next) {
  if (process.env.HIDDEN.split(',').some((hidden) => name.startsWith(hidden)))
    throw Object.assign(new Error('Cannot find package ' + name), { code: 'ERR_MODULE_NOT_FOUND' });
  return next(name, context);
}`;
const url = (script: string) => `data:text/javascript,${encodeURIComponent(script).replaceAll("'", '%27')}`;
const hide = url(`import { register } from 'node:module';\nregister(${JSON.stringify(url(resolve))});`);

/** Runs Node; `without` names packages that are as if they were not installed. */
export function runNode(
  args: readonly string[],
  { cwd, without = [] }: { readonly cwd: string; readonly without?: readonly string[] },
): Promise<{ code: number | null; out: string; err: string }> {
  const hidden = without.length > 0 ? { NODE_OPTIONS: `--import=${hide}`, HIDDEN: without.join() } : {};
  return new Promise((done) =>
    execFile(process.execPath, args, { cwd, env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '', ...hidden } }, (error, out, err) =>
      done({ code: error ? (typeof error.code === 'number' ? error.code : null) : 0, out, err }),
    ),
  );
}
