import { tests } from '../vitest.base';

export default tests({ timeout: 300_000 });
