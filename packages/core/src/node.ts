/** What core has for Node only. */
export { folderStore } from './stores/folder';
