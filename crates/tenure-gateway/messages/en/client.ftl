### The words of the browser client, as plain text with named values: the client puts the values in, and counts by itself.
### The English ones are those of client/words.js.

idleTitle = Are you still there?
idleText = There has been no activity for a while. To protect you, the session stops soon unless you stay signed in.
absoluteTitle = It is nearly time to sign in again
absoluteText = This limit cannot be extended. Save your work, then sign in again, or go on until the session stops.
left = Time left:
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
otherText = This page belongs to whoever opened it. Reload it to go on as the one who is signed in.
frame = Sign in
blocked = The form cannot be shown inside this page.
open = Sign in in a new window
unreachable = There was no answer. Please try again in a moment.
