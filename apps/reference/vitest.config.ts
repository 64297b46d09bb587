import { tests } from '../../vitest.base.ts';

export default tests({ timeout: 180_000 });
