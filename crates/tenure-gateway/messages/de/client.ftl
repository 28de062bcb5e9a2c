### Die Wörter des Browser-Clients: reiner Text mit benannten Werten.

## Die Warnung, die Sperre, das Ende

idleTitle = Sind Sie noch da?
idleText = Zu Ihrem Schutz wird die Sitzung bald angehalten, es sei denn, Sie bleiben angemeldet.
absoluteTitle = Es ist fast Zeit, sich wieder anzumelden
absoluteText = Diese Grenze lässt sich nicht verlängern, aber Sie können sich jetzt wieder anmelden, ohne diese Seite zu verlassen.
aheadText = Auf dieser Seite ändert sich nichts, und die Zeit beginnt von vorn.
left = Verbleibende Zeit: { $time }
stay = Angemeldet bleiben
again = Wieder anmelden
againNow = Jetzt wieder anmelden
later = Nicht jetzt
out = Abmelden
goesOn = Sie sind angemeldet.
go = Weiter
reload = Seite neu laden
moment = Einen Moment…
reconnecting = Verbindung wird wiederhergestellt…
checking = Ihre Sitzung wird geprüft…
stopped = Ihre Sitzung braucht Ihre Aufmerksamkeit
stoppedText = Was Sie hier geschrieben haben, bleibt, solange diese Seite geöffnet ist.
lockedTitle = Diese Seite ist gesperrt
lockedText = Alles bleibt, wie Sie es verlassen haben. Was noch gesendet werden soll, geht weiter, sobald Sie wieder angemeldet sind.
other = Jetzt ist jemand anderes angemeldet
otherText = Laden Sie diese Seite neu, um als die angemeldete Person weiterzumachen.

## Das Formular in seinem Rahmen

signIn = Anmelden
frameBlocked = Das Formular lässt sich auf dieser Seite nicht anzeigen.
openWindow = In einem neuen Fenster anmelden
noAnswer = Es kam keine Antwort. Bitte versuchen Sie es gleich noch einmal.

## Entwürfe

drafts = Aufbewahrte Entwürfe
typedToday = Sie hatten hier um { $time } etwas geschrieben.
typedEarlier = Sie hatten hier am { $time } etwas geschrieben.
restore = Wiederherstellen
show = Anzeigen
discard = Verwerfen
broken = Etwas, das für diese Seite aufbewahrt war, ist nicht mehr lesbar.
notKept = Was Sie hier schreiben, wird nicht aufbewahrt: Der Speicher dieses Browsers ist voll, ausgeschaltet oder von einer neueren Version.
tooLong = Was Sie hier schreiben, wird nicht aufbewahrt: Es ist zu lang.
leaving = Was Sie geschrieben haben, wurde nicht abgeschickt
leavingText = Beim Abmelden wird es aus diesem Browser entfernt. Seiten damit:
leave = Abmelden und entfernen
yours = Was Sie geschrieben haben
theirs = Was jetzt da steht
take = Ihres übernehmen
keep = Behalten, was da steht
gone = Dieses Feld ist jetzt nicht auf der Seite.
files = Dateien werden nicht aufbewahrt: Bitte wählen Sie sie noch einmal aus.
plain = Als Text aufbewahrt, ohne Formatierung.
draftsHere = Entwürfe in diesem Browser
draftOf = { $path }, geschrieben: { $time }
discardOf = Verwerfen: { $title }, geschrieben: { $time }
