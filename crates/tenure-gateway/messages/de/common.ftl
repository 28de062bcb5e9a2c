### Was mehrere Seiten gemeinsam haben. Die Texte sind schlicht, ruhig und genau und geben niemandem die Schuld.

foot = Um Ihre Sitzung kümmert sich Tenure.
foot-request = Anfrage { $request }

start-page = Zur Startseite

field-name = Name oder E-Mail-Adresse
field-password = Passwort

## Zeitpunkte und Mengen

moment =
    { $day }. { $month ->
        [1] Januar
        [2] Februar
        [3] März
        [4] April
        [5] Mai
        [6] Juni
        [7] Juli
        [8] August
        [9] September
        [10] Oktober
        [11] November
       *[12] Dezember
    } { $year }, { $clock } Uhr (UTC)

span-second =
    { $count ->
        [one] { $count } Sekunde
       *[other] { $count } Sekunden
    }
span-minute =
    { $count ->
        [one] { $count } Minute
       *[other] { $count } Minuten
    }
span-hour =
    { $count ->
        [one] { $count } Stunde
       *[other] { $count } Stunden
    }

size-bytes =
    { $count ->
        [one] { $count } Byte
       *[other] { $count } Bytes
    }
size-kib = { $count } KiB
size-mib = { $count } MiB

## Browser

device = { $browser } auf { $system }
device-other-browser = Anderer Browser
