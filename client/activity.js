// When real input is told to the server.

/**
 * The shortest time between two reports, in milliseconds: a tenth of the idle limit, but not under five
 * seconds; a sixth of it for limits up to a minute, where five seconds would be too coarse.
 * @param {number} idleLimit
 */
export function reportGap(idleLimit) {
  return idleLimit <= 60_000 ? idleLimit / 6 : Math.max(5000, idleLimit / 10);
}

/**
 * Lets the first report of a burst through at once, and one more at the end of each gap in which there was
 * input, so that the last key before a pause counts too.
 */
export class Throttle {
  last = -Infinity;
  pending = false;

  /**
   * Notes input; says whether to report it now.
   * @param {number} now
   * @param {number} gap
   */
  input(now, gap) {
    this.pending = true;
    return this.due(now, gap);
  }

  /**
   * Whether a report is due now; if so, it counts as sent.
   * @param {number} now
   * @param {number} gap
   */
  due(now, gap) {
    if (!this.pending || now - this.last < gap) return false;
    this.last = now;
    this.pending = false;
    return true;
  }

  /**
   * When the report that waits is due; never, if none waits.
   * @param {number} gap
   */
  next(gap) {
    return this.pending ? this.last + gap : Infinity;
  }
}

const EVENTS = ['keydown', 'pointerdown', 'pointermove', 'wheel', 'touchstart', 'input', 'compositionend'];

/**
 * A browser also tells of a pointer that rests while the page moves under it.
 * @param {Event} event
 */
const rests = (event) => event.type === 'pointermove'
  && !(/** @type {PointerEvent} */ (event).movementX || /** @type {PointerEvent} */ (event).movementY);

/**
 * Calls `report` for trusted input anywhere in the page except below `own`: what a person does in the client's
 * dialog is answered by its buttons, and Escape in it must not extend anything.
 * @param {Node} own
 * @param {() => void} report
 */
export function listen(own, report) {
  for (const name of EVENTS) {
    addEventListener(name, (event) => {
      if (event.isTrusted && event.target !== own && !rests(event)) report();
    }, { capture: true, passive: true });
  }
}
