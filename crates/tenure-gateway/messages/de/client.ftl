### Die Wörter des Browser-Clients: reiner Text mit benannten Werten.

idleTitle = Sind Sie noch da?
idleText = Eine Weile ist nichts geschehen. Zu Ihrem Schutz hält die Sitzung bald an, wenn Sie nicht angemeldet bleiben.
absoluteTitle = Es ist fast Zeit, sich wieder anzumelden
absoluteText = Diese Grenze lässt sich nicht verlängern. Speichern Sie Ihre Arbeit und melden Sie sich dann wieder an, oder machen Sie weiter, bis die Sitzung anhält.
left = Verbleibende Zeit:
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
lockedText = Alles bleibt, wie Sie es verlassen haben. Was noch zu senden ist, geht weiter, wenn Sie sich wieder anmelden.
other = Jetzt ist jemand anderes angemeldet
otherText = Diese Seite gehört der Person, die sie geöffnet hat. Laden Sie sie neu, um als die angemeldete Person weiterzumachen.
frame = Anmelden
blocked = Das Formular lässt sich auf dieser Seite nicht anzeigen.
open = In einem neuen Fenster anmelden
unreachable = Es kam keine Antwort. Bitte versuchen Sie es gleich noch einmal.
