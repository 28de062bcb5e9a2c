### The gateway's pages.

## Signing in

sign-in-title = Sign in
sign-in-remember = Stay signed in on this device
sign-in-button = Sign in
sign-in-plain-http = This page is served over plain HTTP, which is meant for development on your own machine only. Anywhere else, passwords and cookies need HTTPS.

problem-wrong-credentials = That name and password don't match. Please check both and try again.
problem-wrong-password = That password doesn't match. Please try again.
# $wait is a time such as "30 seconds".
problem-throttled = There were many tries in a short time. Please wait { $wait }, then try again.
problem-form-too-old = The page had been open for long; please send it again.
problem-cookies-blocked = Your browser did not keep our cookie, so the sign-in could not be remembered. Please allow cookies for this site and try again.
problem-unavailable = We can't check passwords right now. Please try again in a moment.
problem-limit-reached = This account is signed in on as many devices as it may be. Sign out on one of them, then try again.

limit-title = Choose a session to end
limit-heading =
    { $count ->
        [one] You are signed in on another device
       *[other] You are signed in on { $count } other devices
    }
limit-text = That is as many as your account may have at once. Choose one to end, and you are signed in here. Whoever uses it is told that you signed in from this device.
limit-choose = Please choose one of the sessions below.
limit-legend = End this session
limit-button = End it and sign in here
limit-cancel = Cancel

## Signing out

signed-out-title = Signed out
signed-out-heading = You are signed out
signed-out-text = The session in this browser has ended. Pages of this site that are still open show nothing of yours any more.
signed-out-others =
    { $count ->
        [one] You are still signed in on another device.
       *[other] You are still signed in on { $count } other devices.
    }
signed-out-again = Sign in again
signed-out-shared = If others use this device too, close the browser’s windows as well.

## Unlocking

unlock-title = Unlock your session
unlock-text = The session is locked until you confirm that it is you.
unlock-since = Locked since
unlock-kept-until = Kept until
unlock-button = Unlock
unlock-other = Not { $name }? { $link }Sign in as somebody else{ $end }. This ends the locked session, and nothing of it is shown.
unlock-why = { $link }Why was the session locked?{ $end }

# In a frame of the application's page.
frame-title = Sign in again
frame-button = Sign in again
frame-other = Not { $name }? { $link }Sign in as somebody else{ $end }. That leaves this page, and ends the locked session.
frame-active = You are signed in
    .text = You can close this window and go on where you were.
frame-ended = This session has ended
    .text = The page that you came from says why. You can close this window.

## Confirming

step-up-title = Confirm that it is you
step-up-heading = Please confirm that it is you
step-up-text = What you are about to do needs a recent sign-in. You go on from where you were.
# $span is a time such as "10 minutes".
step-up-text-page = What you are about to do needs a recent sign-in: for { $page } it may be at most { $span } old. You go on from where you were.
step-up-button = Confirm
step-up-not-you = If you did not start this, close the page and look through { $link }where you are signed in{ $end }.

## Where one is signed in

account-title = Where you are signed in
account-text = These are the sessions of { $name }. End any that you don’t know or don’t need; whoever uses it is told that it was you.
account-ended = The session was ended.
account-ended-others = Every other session was ended.
account-sign-out = Sign out
account-sign-out-label = Sign out on this device
account-end = End
account-end-label = End the session on { $device }, { $address }
account-end-others = Sign out everywhere else
account-alone = You are signed in nowhere else.
account-kept = What you sent while a session was locked is under { $link }your kept work{ $end }.

session-this-device = This device
session-locked = Locked
session-last-used = Last used { $time }
session-signed-in = Signed in { $time }

## Kept work

kept-title = Your work was kept
kept-text = You sent this when you had to confirm first that it is you, so it was not passed on. It goes to the application once, as { $name }, when you say so.
kept-unsure = This was being sent when the connection to the application broke. It may have arrived, so it is not sent again. Look in the application first; what is missing there you can copy from here.
kept-sending = This is being sent at this moment. Look in the application whether it has arrived.
kept-goes-to = Goes to
kept-goes-to-value = { $address } on { $host }
kept-goes-to-by = { $address } on { $host } ({ $method })
kept-first-sent = First sent
kept-until = Kept until
kept-size = Size
kept-content = Content
kept-content-value = { $type }, which can’t be shown here
kept-content-untyped = of no stated type, which can’t be shown here
kept-will-be-sent = What will be sent
kept-holds = What it holds
kept-field-empty = (empty)
kept-field-shortened = … (shortened here; sent in full)
kept-field-secret = (not shown here; sent as it is)
kept-field-file = { $name }, { $size }
kept-more =
    { $count ->
        [one] And { $count } more.
       *[other] And { $count } more.
    }
kept-send = Send it now
kept-discard = Discard it
kept-all = { $link }All your kept work{ $end }

kept-list-title = Your kept work
kept-list-discarded = It was discarded.
kept-list-empty = Nothing that you sent is waiting. What you send while your session is locked is kept here until you have sent or discarded it.
kept-list-text = You sent these while your session was locked. Nobody else can see or send them.
kept-list-unsure = May have arrived
kept-list-sent = { $size }, sent { $time }
kept-list-until = Kept until { $time }
kept-list-discard = Discard
kept-list-discard-label = Discard what was sent to { $address }, { $time }
kept-list-unreadable = (cannot be read)

not-kept-title = This could not be kept
not-kept-text = You have to confirm first that it is you, so what you just sent was not passed on. Usually it is kept until then; this time that was not possible.
not-kept-too-large = It is larger than { $limit }, which is the most that is kept of one form and its files.
not-kept-off = This site keeps nothing of what is sent while a session is locked.
not-kept-person-full = Other things that you sent are kept already, and together with this they would be more than { $limit }.
not-kept-full = There is no room for it at the moment: much of other people’s work is kept too.
not-kept-disk = It could not be written to the disk. Whoever runs this site has been told in the log.
not-kept-incomplete = It did not arrive whole: the connection was interrupted while it was sent.
not-kept-next = What to do now
not-kept-confirm = Confirm that it is you, in a new tab. This page stays open.
not-kept-back = Come back to this tab and go one page back. What you typed is usually still there; files may have to be chosen again.
not-kept-again = Send it again.
not-kept-button = Confirm in a new tab

sent-kept = What you just sent is kept. Once you have confirmed that it is you, you see it again and send it with one click.
sent-waiting = Something that you sent is kept. Once you have confirmed that it is you, you find it under “Your kept work”.
sent-not-kept = What you just sent was not passed on, and it could not be kept, because there is no open session that it belongs to. It may still be in the page that you sent it from: go back, copy it, and send it again after signing in.
sent-other-site = What was just sent was not passed on, and it is not kept, because it did not come from a page of this site. If it was you who sent it, go back and send it again after confirming that it is you.

## Status

status-title = Status
status-up = Everything is working
status-down = There is a disturbance
status-checked = Checked { $time }
status-down-text = Nobody is signed out because of it. Sessions go on when it is over.
status-planned = Planned maintenance
status-from = From
status-until = Until about
status-planned-text = Sessions survive it: you stay signed in.
status-incidents = Past incidents
status-no-incidents = None on record.
status-incident = { $from } to { $until }
status-incident-open = { $from }, not over yet

## Errors

error-status = Status { $status }
error-see-kept = { $link }See what else is kept for you{ $end }
error-see-status = { $link }See the status page{ $end }

error-upstream-unreachable = The application can't be reached
    .happened = The application behind this site is not answering. It may be restarting.
    .next = Your session is not affected. Reload the page in a moment; what you typed before comes with it if your browser asks to send the form again.
error-upstream-timeout = The application did not answer in time
    .happened = Your request was passed on, but no answer came back in time. It may still have been carried out: look before you send the same thing twice.
    .next = Your session is not affected. Go back and see whether it was done.
error-unknown = We can't check your session right now
    .happened = You have not been signed out. The place where sessions are kept does not answer at the moment, so your request was not passed on.
    .next = Reload this page in a moment. If you were sending a form, keep this page open and reload it.
error-not-found = There is no such page
    .happened = The address may be mistyped, or the page may have moved.
    .next = Go back, or start from the beginning of the site.
error-cross-site-form = This form came from another site
    .happened = To protect you, forms are accepted only from this site's own pages. Nothing was changed.
    .next = If you meant to do this, open the page of this site and send the form there.
error-too-large = That is more than can be sent at once
    .happened = The limit is { $limit }. Nothing was passed on, and nothing was changed.
    .next = Go back and send less, for instance a smaller file.
error-too-many = Too many requests in a short time
    .happened = Please wait { $wait }, then try again. Nothing is lost.
    .next = Your session is not affected.
error-kept-gone = Nothing is kept here any more
    .happened = It has been sent or discarded before, its time has passed, or it was kept for somebody else. Nothing was sent now.
    .next = If you sent it a moment ago, look in the application whether it has arrived.
error-kept-unreadable = What was kept can’t be read any more
    .happened = The file in which it was kept is damaged or cannot be read at the moment. Nothing of it was sent.
    .next = Try again in a moment. If it stays so, tell whoever runs this site and pass on the request number below.
error-internal = Something went wrong on our side
    .happened = It has been recorded. You have not been signed out.
    .next = Reload the page. If it happens again, tell whoever runs this site and pass on the request number below.

## Why a session is locked, ended or missing

why-displaced-by = It was a sign-in from { $device }, address { $address }.
why-when = When
why-kept-until = Kept until
why-support-code = Support code
why-work = Your work
why-next = What to do now
why-confirm = Confirm that it is you
why-unlock = Unlock
why-sign-in = Sign in
why-clean-up = Clean up this site’s cookie and try again
why-not-you = If it was not you
why-report = Report a problem
why-report-hint = Copy this and send it to whoever runs this site, or send it from here. It holds no password and no cookie.
why-report-label = Report
why-report-words = Anything to add? What you were doing, and what you expected
why-report-send = Send the report
why-reported = Your report was sent. Its number is { $id }: whoever runs this site finds it by that.
