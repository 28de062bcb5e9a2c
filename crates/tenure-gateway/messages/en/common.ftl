### What several pages share. Texts for people are plain, calm and specific, and never blame.

foot = Your session is looked after by Tenure.
foot-request = Request { $request }

start-page = Go to the start page

field-name = Name or email address
field-password = Password

## Points in time and amounts

# $day, $month and $year are numbers, $clock is "14:05".
moment =
    { $day } { $month ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[12] December
    } { $year }, { $clock } UTC

# How long something takes. It stands in "wait …" and "at most … ago".
span-second =
    { $count ->
        [one] { $count } second
       *[other] { $count } seconds
    }
span-minute =
    { $count ->
        [one] { $count } minute
       *[other] { $count } minutes
    }
span-hour =
    { $count ->
        [one] { $count } hour
       *[other] { $count } hours
    }

size-bytes =
    { $count ->
        [one] { $count } byte
       *[other] { $count } bytes
    }
size-kib = { $count } KiB
size-mib = { $count } MiB

## Browsers

# $browser is a name with its version, such as "Firefox 153".
device = { $browser } on { $system }
device-other-browser = Another browser
