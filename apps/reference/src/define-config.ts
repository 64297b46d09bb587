// What a config file may import from 'taskloom'; kept apart so that reading a config loads nothing else.
import type { Config } from '@taskloom/pipeline';

/** Gives a config its types, nothing more: `export default defineConfig({ … })`. */
export function defineConfig(config: Config): Config {
  return config;
}
