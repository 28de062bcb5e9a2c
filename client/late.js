// What is loaded late: for a warning or a lock, and once there is something to keep.

export { begin as keep } from './drafts/drafts.js';
export { fill, shelf } from './drafts/shelf.js';
export { begin } from './unlock/unlock.js';
