// `npm run build`: install, then build what changed since the last time.
import { build, install } from './workspace.mjs';

install();
build();
