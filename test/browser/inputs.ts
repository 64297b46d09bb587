import type { PredictInput } from '@taskloom/pipeline';

/** What is asked, in Node and in the browser. */
export const inputs: readonly PredictInput[] = [
  'The headphones from order TL-20931 still have not come, and I leave for Lisbon on Friday. Please hurry!',
  'You charged me 49.90 euros twice for the same kettle. I want my money back today.',
  'Just wanted to say thanks, the new lamp looks lovely in our hall.',
  'Großartig 👍🏽 … naïve café, 東京 12/03, "TL-1"?',
  '',
  { tokens: ['Cancel', 'order', 'TL-7', ',', 'please'] },
  { a: 'Where is my parcel? It was due on Monday.', b: 'My package should have arrived Monday, any news?' },
  { a: 'How do I reset my password?', b: 'The blender is broken.' },
];
