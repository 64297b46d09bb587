/** What core has for browsers only. */
export { indexedDbStore } from './stores/indexed-db';
