// Sentences with something in them, and times as people say them, in the language of the words.

import words from './words.js';

/**
 * A sentence with what stands in its places.
 * @param {string} sentence
 * @param {Record<string, string>} values by the names in braces
 */
export const say = (sentence, values) => sentence.replace(/{(\w+)}/g, (place, name) => values[name] ?? place);

/**
 * A length of time, with seconds only below ten minutes.
 * @param {number} ms
 */
export function spell(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  /** @param {number} count @param {string} unit */
  const part = (count, unit) =>
    new Intl.NumberFormat(words.lang, { style: 'unit', unit, unitDisplay: 'long' }).format(count);
  // Without lists: an application may have replaced what they are walked with.
  const hours = Math.floor(seconds / 3600);
  let said = hours ? part(hours, 'hour') : '';
  const minutes = Math.floor(seconds / 60) % 60;
  if (minutes) said += (said && ' ') + part(minutes, 'minute');
  const rest = seconds < 600 ? seconds % 60 : 0;
  if (rest || !said) said += (said && ' ') + part(rest, 'second');
  return said;
}

/** @param {Date} date */
const isToday = (date) => date.toDateString() === new Date().toDateString();

/**
 * A moment: the time, with the day if that was another one.
 * @param {number} at
 */
export function moment(at) {
  const date = new Date(at);
  return date.toLocaleString(words.lang, isToday(date) ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' });
}

/**
 * That something was typed, and when.
 * @param {number} at
 */
export const typed = (at) => say(isToday(new Date(at)) ? words.typedToday : words.typedEarlier, { time: moment(at) });
