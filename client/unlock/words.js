// The client's own few words. Reasons of a lock or an ending come with the server's answer.

export const WORDS = {
  idleTitle: 'Are you still there?',
  idleText: 'To protect you, the session stops soon unless you stay signed in.',
  absoluteTitle: 'It is nearly time to sign in again',
  absoluteText: 'This limit cannot be extended. Save your work, then sign in again.',
  left: 'Time left:',
  stay: 'Stay signed in',
  again: 'Sign in again',
  againNow: 'Sign in again now',
  later: 'Not now',
  out: 'Sign out',
  goesOn: 'You are signed in.',
  go: 'Continue',
  reload: 'Reload the page',
  moment: 'One moment…',
  reconnecting: 'Reconnecting…',
  checking: 'Checking your session…',
  stopped: 'Your session needs your attention',
  stoppedText: 'What you typed here stays while this page is open.',
  lockedTitle: 'This page is locked',
  lockedText: 'Everything stays as you left it. What waits to be sent goes on when you sign in again.',
  other: 'Somebody else is signed in now',
  otherText: 'Reload this page to go on as the one who is signed in.',
};

/**
 * A time as people say it, seconds only below ten minutes.
 * @param {number} ms
 */
export function spell(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  /** @type {[number, string][]} */
  const parts = [[hours, 'hour'], [minutes, 'minute'], [seconds >= 600 ? 0 : seconds % 60, 'second']];
  let said = '';
  for (const [count, unit] of parts) if (count) said += `${said && ' '}${count} ${unit}${count > 1 ? 's' : ''}`;
  return said || '0 seconds';
}
