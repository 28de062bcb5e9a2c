### The words of the browser client, as plain text with named values: the client puts the values in, and counts by itself.
### The English ones are those of client/words.js.

## The warning, the lock, the end

idleTitle = Are you still there?
idleText = To protect you, the session stops soon unless you stay signed in.
absoluteTitle = It is nearly time to sign in again
absoluteText = This limit cannot be extended, but you can sign in again now, without leaving the page.
aheadText = Nothing on this page changes, and the time begins anew.
# { $time } is a length of time, such as "1 minute 20 seconds".
left = Time left: { $time }
stay = Stay signed in
again = Sign in again
againNow = Sign in again now
later = Not now
out = Sign out
goesOn = You are signed in.
go = Continue
reload = Reload the page
moment = One moment…
reconnecting = Reconnecting…
checking = Checking your session…
stopped = Your session needs your attention
stoppedText = What you typed here stays while this page is open.
lockedTitle = This page is locked
lockedText = Everything stays as you left it. What waits to be sent goes on when you sign in again.
other = Somebody else is signed in now
otherText = Reload this page to go on as the one who is signed in.

## The form in its frame

signIn = Sign in
frameBlocked = The form cannot be shown inside this page.
openWindow = Sign in in a new window
noAnswer = There was no answer. Please try again in a moment.

## Drafts

drafts = Kept drafts
# { $time } is a time of day.
typedToday = You had typed something here at { $time }.
# { $time } is a day and a time.
typedEarlier = You had typed something here on { $time }.
restore = Restore
show = Show
discard = Discard
broken = Something that was kept for this page cannot be read any more.
notKept = What you type here is not kept: this browser’s storage is full, switched off or of a newer version.
tooLong = What you type here is not kept: it is too long.
leaving = What you typed was not sent
leavingText = Signing out removes it from this browser. Pages with it:
leave = Sign out and remove it
yours = What you typed
theirs = What is there now
take = Take yours
keep = Keep what is there
gone = This field is not on the page now.
files = Files are not kept: please choose them again.
plain = Kept as text, without its formatting.
draftsHere = Drafts in this browser
# { $path } is the address of a page, { $time } a time of day or a day and a time.
draftOf = { $path }, typed { $time }
discardOf = Discard: { $title }, typed { $time }
