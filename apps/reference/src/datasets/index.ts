import type { OpenDataset } from './open-dataset';
import { tweeteval } from './tweeteval';

/** What `data fetch` knows, by name. */
export const openDatasets: { readonly [name: string]: OpenDataset } = { tweeteval };
