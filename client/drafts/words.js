// What this part says.

export const WORDS = {
  region: 'Kept drafts',
  offer: 'You had typed something here',
  restore: 'Restore',
  show: 'Show',
  discard: 'Discard',
  later: 'Not now',
  broken: 'Something that was kept for this page cannot be read any more.',
  notKept: 'What you type here is not kept: this browser’s storage is full, switched off or of a newer version.',
  tooLong: 'What you type here is not kept: it is too long.',
  leaving: 'What you typed was not sent',
  leavingText: 'Signing out removes it from this browser. Pages with it:',
  leave: 'Sign out and remove it',
  stay: 'Stay signed in',
  yours: 'What you typed',
  theirs: 'What is there now',
  take: 'Take yours',
  keep: 'Keep what is there',
  gone: 'This field is not on the page now.',
  files: 'Files are not kept: please choose them again.',
  plain: 'Kept as text, without its formatting.',
};

/**
 * When something was typed, as people say it: the time, with the day if that was another one.
 * @param {number} at
 */
export function moment(at) {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  return today
    ? `at ${date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })}`
    : `on ${date.toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' })}`;
}
