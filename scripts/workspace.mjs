// What `npm start`, `npm test` and `pnpm check` share: get pnpm and the dependencies, once.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const { packageManager, engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const quietly = {
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
  npm_config_update_notifier: 'false',
  PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1',
  VITE_CONFIG_NATIVE_IGNORE_WARNING: 'true',
};

/** Runs a command in the root, output passed through; ends the process with its exit code if it fails. */
export function run(command, args, { env = {}, allowFailure = false, quiet = false } = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: quiet ? ['inherit', 'pipe', 'pipe'] : 'inherit',
    encoding: 'utf8',
    env: { ...process.env, ...quietly, ...env },
    shell: process.platform === 'win32',
  });
  if (result.error) {
    console.error(`Could not start '${command}': ${result.error.message}`);
    process.exit(1);
  }
  if (result.status !== 0 && !allowFailure) {
    if (quiet) process.stderr.write(`${result.stdout}${result.stderr}`);
    console.error(
      `\n'${command} ${args.join(' ')}' failed${result.status === null ? ` (${result.signal})` : ` with exit code ${result.status}`}.`,
    );
    process.exit(result.status ?? 1);
  }
  return result.status ?? 1;
}

/** pnpm at the version that package.json pins, through npx: nothing is installed globally. */
export function pnpm(args, options) {
  return run('npx', ['-y', packageManager, ...args], options);
}

/** The same, its output to be read as it comes, and its exit code once it ended. */
export function pnpmLines(args) {
  const colour = process.stdout.isTTY && !process.env.NO_COLOR ? { FORCE_COLOR: '1' } : {};
  const child = spawn('npx', ['-y', packageManager, ...args], {
    cwd: root,
    stdio: ['inherit', 'pipe', 'inherit'],
    env: { ...process.env, ...quietly, ...colour },
    shell: process.platform === 'win32',
  });
  const exit = new Promise((resolve, reject) => child.once('error', reject).once('close', (code) => resolve(code ?? 1)));
  return { stdout: child.stdout, exit };
}

/** Installs from the frozen lockfile, unless this very lockfile is installed already. */
export function install() {
  const wanted = Number(/\d+/.exec(engines.node)[0]);
  if (Number(process.versions.node.split('.')[0]) < wanted) {
    console.error(`Taskloom needs Node ${engines.node}; this is ${process.version}.`);
    process.exit(1);
  }
  const stamp = new URL('../node_modules/.taskloom-installed', import.meta.url);
  const hash = createHash('sha256')
    .update(readFileSync(new URL('../pnpm-lock.yaml', import.meta.url)))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  console.log('Installing dependencies …');
  pnpm(['install', '--frozen-lockfile', '--reporter=append-only', '--loglevel=warn'], { env: { CI: 'true' } });
  writeFileSync(stamp, hash);
}

/** Builds every package that changed since the last build. */
export function build() {
  console.log('Building …');
  pnpm(['exec', 'turbo', 'run', 'build', '--output-logs=errors-only', '--filter=./packages/*', '--filter=./apps/*'], { quiet: true });
}
