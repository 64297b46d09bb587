import { tests } from '../../vitest.base';

export default tests({ timeout: 180_000 });
