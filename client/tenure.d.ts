// What scripts of a page can ask of the client: `window.tenure`.

/** What `GET session` answers. Times are what remains, in milliseconds, when the answer was given. */
export interface SessionAnswer {
  state: 'active' | 'locked' | 'ended' | 'none';
  /** Why it is locked or ended, a stable code such as `idle`. */
  reason?: string;
  /** Who is signed in. */
  subject?: string;
  /** The public id of the session; it opens nothing. */
  session?: string;
  /** A heading for a lock or an ending, for people. */
  title?: string;
  /** What happened and what became of the work, for people. */
  message?: string;
  idle_remaining_ms?: number;
  absolute_remaining_ms?: number;
  /** Until the warning; not positive once it shows. */
  warn_in_ms?: number;
  unlock_url?: string;
  why_url?: string;
}

/** How an editor that is no form field gives and takes its text. */
export interface DraftAdapter {
  read(element: Element): string;
  write(element: Element, text: string): void;
  /** What it held before anything was typed; without it, a draft is always shown beside what is there. */
  initial?(element: Element): string;
}

export interface Tenure {
  /** The session as it was last heard of; `unknown` before the first answer. */
  readonly state: SessionAnswer['state'] | 'unknown';
  /** Calls `listener` whenever the session comes to this. */
  on(name: 'warning' | 'locked' | 'unlocked' | 'ended', listener: (answer: SessionAnswer) => void): void;
  /** Like `fetch`, but sends nothing before a session that is locked was unlocked. */
  hold(...args: Parameters<typeof fetch>): Promise<Response>;
  /**
   * Keeps a text as a draft of this page. It comes back in a `tenure-draft` event of the document, whose `detail` is
   * `{ key, value }`; `preventDefault()` says that it was taken.
   */
  saveDraft(key: string, value: string): void;
  /** How custom editors are read and written, by selector. */
  readonly draftAdapters: Map<string, DraftAdapter>;
}

declare global {
  interface Window {
    /** Absent in a page without the client. */
    tenure?: Tenure;
  }
}
