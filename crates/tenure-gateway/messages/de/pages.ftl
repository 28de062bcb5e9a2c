### Die Seiten des Gateways.

## Anmelden

sign-in-title = Anmelden
sign-in-remember = Auf diesem Gerät angemeldet bleiben
sign-in-button = Anmelden
sign-in-plain-http = Diese Seite wird unverschlüsselt über HTTP ausgeliefert. Das ist nur für die Entwicklung auf dem eigenen Rechner gedacht. Überall sonst brauchen Passwörter und Cookies HTTPS.

problem-wrong-credentials = Name und Passwort passen nicht zusammen. Bitte prüfen Sie beides und versuchen Sie es noch einmal.
problem-wrong-password = Das Passwort passt nicht. Bitte versuchen Sie es noch einmal.
problem-throttled = Es gab viele Versuche in kurzer Zeit. Bitte warten Sie { $wait } und versuchen Sie es dann noch einmal.
problem-form-too-old = Die Seite war lange geöffnet. Bitte senden Sie das Formular noch einmal ab.
problem-cookies-blocked = Ihr Browser hat unser Cookie nicht behalten, deshalb ließ sich die Anmeldung nicht merken. Bitte erlauben Sie Cookies für diese Website und versuchen Sie es noch einmal.
problem-unavailable = Passwörter lassen sich gerade nicht prüfen. Bitte versuchen Sie es gleich noch einmal.
problem-limit-reached = Dieses Konto ist auf so vielen Geräten angemeldet, wie es erlaubt ist. Melden Sie sich auf einem davon ab und versuchen Sie es dann noch einmal.

limit-title = Wählen Sie eine Sitzung, die enden soll
limit-heading =
    { $count ->
        [one] Sie sind auf einem weiteren Gerät angemeldet
       *[other] Sie sind auf { $count } weiteren Geräten angemeldet
    }
limit-text = Mehr Sitzungen darf Ihr Konto nicht gleichzeitig haben. Wählen Sie eine, die enden soll; dann sind Sie hier angemeldet. Wer sie gerade benutzt, erfährt, dass Sie sich auf diesem Gerät angemeldet haben.
limit-choose = Bitte wählen Sie unten eine der Sitzungen.
limit-legend = Diese Sitzung beenden
limit-button = Beenden und hier anmelden
limit-cancel = Abbrechen

## Abmelden

signed-out-title = Abgemeldet
signed-out-heading = Sie sind abgemeldet
signed-out-text = Die Sitzung in diesem Browser ist beendet. Seiten dieser Website, die noch geöffnet sind, zeigen nichts mehr von Ihnen.
signed-out-others =
    { $count ->
        [one] Auf einem weiteren Gerät sind Sie noch angemeldet.
       *[other] Auf { $count } weiteren Geräten sind Sie noch angemeldet.
    }
signed-out-again = Wieder anmelden
signed-out-shared = Wenn auch andere dieses Gerät benutzen, schließen Sie bitte außerdem die Fenster des Browsers.

## Entsperren

unlock-title = Sitzung entsperren
unlock-text = Die Sitzung ist gesperrt, bis Sie bestätigen, dass Sie es sind.
unlock-since = Gesperrt seit
unlock-kept-until = Aufbewahrt bis
unlock-button = Entsperren
unlock-other = Sie sind nicht { $name }? { $link }Als jemand anderes anmelden{ $end }. Damit endet die gesperrte Sitzung; nichts davon wird gezeigt.
unlock-why = { $link }Warum wurde die Sitzung gesperrt?{ $end }

frame-title = Wieder anmelden
frame-button = Wieder anmelden
frame-other = Sie sind nicht { $name }? { $link }Als jemand anderes anmelden{ $end }. Damit verlassen Sie diese Seite, und die gesperrte Sitzung endet.
frame-active = Sie sind angemeldet
    .text = Sie können dieses Fenster schließen und dort weitermachen, wo Sie waren.
frame-ended = Diese Sitzung ist beendet
    .text = Warum, steht auf der Seite, von der Sie kommen. Sie können dieses Fenster schließen.

## Bestätigen

step-up-title = Bestätigen, dass Sie es sind
step-up-heading = Bitte bestätigen Sie, dass Sie es sind
step-up-text = Was Sie tun möchten, braucht eine frische Anmeldung. Danach geht es dort weiter, wo Sie waren.
step-up-text-page = Was Sie tun möchten, braucht eine frische Anmeldung: Für { $page } darf sie höchstens { $span } alt sein. Danach geht es dort weiter, wo Sie waren.
step-up-button = Bestätigen
step-up-not-you = Wenn das nicht von Ihnen ausgeht, schließen Sie die Seite und sehen Sie nach, { $link }wo Sie angemeldet sind{ $end }.

## Wo man angemeldet ist

account-title = Wo Sie angemeldet sind
account-text = Das sind die Sitzungen von { $name }. Beenden Sie alle, die Sie nicht kennen oder nicht brauchen. Wer eine davon benutzt, erfährt, dass Sie es waren.
account-ended = Die Sitzung wurde beendet.
account-ended-others = Alle anderen Sitzungen wurden beendet.
account-sign-out = Abmelden
account-sign-out-label = Auf diesem Gerät abmelden
account-end = Beenden
account-end-label = Beenden: die Sitzung mit { $device }, { $address }
account-end-others = Überall sonst abmelden
account-alone = Sie sind nirgendwo sonst angemeldet.
account-kept = Was Sie abgeschickt haben, während eine Sitzung gesperrt war, finden Sie bei { $link }Ihren aufbewahrten Eingaben{ $end }.

session-this-device = Dieses Gerät
session-locked = Gesperrt
session-last-used = Zuletzt benutzt am { $time }
session-signed-in = Angemeldet am { $time }

## Aufbewahrtes

kept-title = Ihre Eingaben wurden aufbewahrt
kept-text = Sie haben das abgeschickt, als Sie erst bestätigen mussten, dass Sie es sind; deshalb wurde es nicht weitergegeben. Es geht einmal an die Anwendung, im Namen von { $name }, sobald Sie es sagen.
kept-unsure = Das wurde gerade gesendet, als die Verbindung zur Anwendung abbrach. Vielleicht ist es angekommen, deshalb wird es nicht noch einmal gesendet. Sehen Sie zuerst in der Anwendung nach; was dort fehlt, können Sie hier kopieren.
kept-sending = Das wird in diesem Moment gesendet. Sehen Sie in der Anwendung nach, ob es angekommen ist.
kept-goes-to = Geht an
kept-goes-to-value = { $address } auf { $host }
kept-goes-to-by = { $address } auf { $host } ({ $method })
kept-first-sent = Zuerst gesendet
kept-until = Aufbewahrt bis
kept-size = Größe
kept-content = Inhalt
kept-content-value = { $type }; das lässt sich hier nicht anzeigen
kept-content-untyped = ohne Angabe der Art; das lässt sich hier nicht anzeigen
kept-will-be-sent = Was gesendet wird
kept-holds = Was darin steht
kept-field-empty = (leer)
kept-field-shortened = … (hier gekürzt; wird vollständig gesendet)
kept-field-secret = (hier nicht gezeigt; wird unverändert gesendet)
kept-field-file = { $name }, { $size }
kept-more =
    { $count ->
        [one] Und { $count } weiteres.
       *[other] Und { $count } weitere.
    }
kept-send = Jetzt senden
kept-discard = Verwerfen
kept-all = { $link }Alle Ihre aufbewahrten Eingaben{ $end }

kept-list-title = Ihre aufbewahrten Eingaben
kept-list-discarded = Es wurde verworfen.
kept-list-empty = Nichts, was Sie abgeschickt haben, wartet. Was Sie abschicken, während Ihre Sitzung gesperrt ist, wird hier aufbewahrt, bis Sie es gesendet oder verworfen haben.
kept-list-text = Das haben Sie abgeschickt, während Ihre Sitzung gesperrt war. Niemand sonst kann es sehen oder senden.
kept-list-unsure = Vielleicht angekommen
kept-list-sent = { $size }, gesendet am { $time }
kept-list-until = Aufbewahrt bis { $time }
kept-list-discard = Verwerfen
kept-list-discard-label = Verwerfen, was an { $address } gesendet wurde, { $time }
kept-list-unreadable = (nicht lesbar)

not-kept-title = Das konnte nicht aufbewahrt werden
not-kept-text = Sie müssen erst bestätigen, dass Sie es sind; deshalb wurde nicht weitergegeben, was Sie gerade abgeschickt haben. Normalerweise wird es bis dahin aufbewahrt; diesmal war das nicht möglich.
not-kept-too-large = Es ist größer als { $limit }. So viel wird von einem Formular mit seinen Dateien höchstens aufbewahrt.
not-kept-off = Diese Website bewahrt nichts auf, was abgeschickt wird, während eine Sitzung gesperrt ist.
not-kept-person-full = Es wird schon anderes aufbewahrt, was Sie abgeschickt haben. Zusammen wäre es mehr als { $limit }.
not-kept-full = Im Moment ist kein Platz dafür, weil auch für andere viel aufbewahrt wird.
not-kept-disk = Es ließ sich nicht auf die Festplatte schreiben. Wer diese Website betreibt, findet es im Protokoll.
not-kept-incomplete = Es kam nicht vollständig an: Die Verbindung wurde beim Senden unterbrochen.
not-kept-next = Was Sie jetzt tun können
not-kept-confirm = Bestätigen Sie in einem neuen Tab, dass Sie es sind. Diese Seite bleibt geöffnet.
not-kept-back = Kommen Sie in diesen Tab zurück und gehen Sie eine Seite zurück. Was Sie geschrieben haben, steht meist noch dort; Dateien müssen Sie vielleicht neu auswählen.
not-kept-again = Senden Sie es noch einmal ab.
not-kept-button = In neuem Tab bestätigen

sent-kept = Was Sie gerade abgeschickt haben, ist aufbewahrt. Sobald Sie bestätigt haben, dass Sie es sind, sehen Sie es wieder und senden es mit einem Klick.
sent-waiting = Etwas, das Sie abgeschickt haben, ist aufbewahrt. Sobald Sie bestätigt haben, dass Sie es sind, finden Sie es unter „Ihre aufbewahrten Eingaben“.
sent-not-kept = Was Sie gerade abgeschickt haben, wurde nicht weitergegeben. Aufbewahren ließ es sich auch nicht, weil es keine offene Sitzung gibt, zu der es gehört. Vielleicht steht es noch auf der Seite, von der Sie es abgeschickt haben: Gehen Sie zurück, kopieren Sie es und senden Sie es nach dem Anmelden noch einmal ab.
sent-other-site = Was gerade abgeschickt wurde, wurde weder weitergegeben noch aufbewahrt, weil es nicht von einer Seite dieser Website kam. Wenn Sie selbst es abgeschickt haben, gehen Sie zurück und senden Sie es noch einmal ab, nachdem Sie bestätigt haben, dass Sie es sind.

## Zustand

status-title = Status
status-up = Alles läuft
status-down = Es gibt eine Störung
status-checked = Geprüft am { $time }
status-down-text = Niemand wird deswegen abgemeldet. Die Sitzungen gehen weiter, wenn die Störung vorbei ist.
status-planned = Geplante Wartung
status-from = Von
status-until = Bis etwa
status-planned-text = Sitzungen überstehen sie: Sie bleiben angemeldet.
status-incidents = Frühere Störungen
status-no-incidents = Keine verzeichnet.
status-incident = { $from } bis { $until }
status-incident-open = { $from }, noch nicht vorbei

## Fehler

error-status = Status { $status }
error-see-kept = { $link }Sehen, was noch für Sie aufbewahrt wird{ $end }
error-see-status = { $link }Zur Statusseite{ $end }

error-upstream-unreachable = Die Anwendung ist nicht erreichbar
    .happened = Die Anwendung hinter dieser Website antwortet nicht. Vielleicht startet sie gerade neu.
    .next = Ihre Sitzung ist davon nicht betroffen. Laden Sie die Seite gleich noch einmal. Was Sie geschrieben haben, geht mit, wenn Ihr Browser fragt, ob das Formular noch einmal gesendet werden soll.
error-upstream-timeout = Die Anwendung hat nicht rechtzeitig geantwortet
    .happened = Ihre Anfrage wurde weitergegeben, aber es kam nicht rechtzeitig eine Antwort. Vielleicht wurde sie trotzdem ausgeführt: Sehen Sie nach, bevor Sie dasselbe zweimal senden.
    .next = Ihre Sitzung ist davon nicht betroffen. Gehen Sie zurück und sehen Sie nach, ob es geschehen ist.
error-unknown = Ihre Sitzung lässt sich gerade nicht prüfen
    .happened = Sie wurden nicht abgemeldet. Der Ort, an dem die Sitzungen liegen, antwortet im Moment nicht; deshalb wurde Ihre Anfrage nicht weitergegeben.
    .next = Laden Sie diese Seite gleich noch einmal. Wenn Sie gerade ein Formular gesendet haben, lassen Sie diese Seite geöffnet und laden Sie sie neu.
error-not-found = Diese Seite gibt es nicht
    .happened = Vielleicht ist in der Adresse ein Tippfehler, oder die Seite ist umgezogen.
    .next = Gehen Sie zurück oder beginnen Sie auf der Startseite.
error-cross-site-form = Dieses Formular kam von einer anderen Website
    .happened = Zu Ihrem Schutz werden Formulare nur von den eigenen Seiten dieser Website angenommen. Es wurde nichts geändert.
    .next = Wenn Sie das tun wollten, öffnen Sie die Seite dieser Website und senden Sie das Formular dort ab.
error-too-large = Das ist mehr, als auf einmal gesendet werden kann
    .happened = Die Grenze liegt bei { $limit }. Nichts wurde weitergegeben, und nichts wurde geändert.
    .next = Gehen Sie zurück und senden Sie weniger, zum Beispiel eine kleinere Datei.
error-too-many = Zu viele Anfragen in kurzer Zeit
    .happened = Bitte warten Sie { $wait } und versuchen Sie es dann noch einmal. Nichts ist verloren.
    .next = Ihre Sitzung ist davon nicht betroffen.
error-kept-gone = Hier wird nichts mehr aufbewahrt
    .happened = Es wurde schon gesendet oder verworfen, seine Zeit ist abgelaufen, oder es wurde für jemand anderen aufbewahrt. Jetzt wurde nichts gesendet.
    .next = Wenn Sie es gerade erst gesendet haben, sehen Sie in der Anwendung nach, ob es angekommen ist.
error-kept-unreadable = Was aufbewahrt wurde, ist nicht mehr lesbar
    .happened = Die Datei, in der es aufbewahrt wurde, ist beschädigt oder im Moment nicht lesbar. Nichts davon wurde gesendet.
    .next = Versuchen Sie es gleich noch einmal. Wenn es so bleibt, melden Sie es bitte denen, die diese Website betreiben, und nennen Sie die Nummer der Anfrage unten.
error-internal = Bei uns ist etwas schiefgegangen
    .happened = Es wurde festgehalten. Sie wurden nicht abgemeldet.
    .next = Laden Sie die Seite neu. Wenn es wieder geschieht, melden Sie es bitte denen, die diese Website betreiben, und nennen Sie die Nummer der Anfrage unten.

## Warum eine Sitzung gesperrt oder beendet ist oder fehlt

why-displaced-by = Es war eine Anmeldung mit { $device }, Adresse { $address }.
why-when = Wann
why-kept-until = Aufbewahrt bis
why-support-code = Supportcode
why-work = Ihre Arbeit
why-next = Was Sie jetzt tun können
why-confirm = Bestätigen, dass Sie es sind
why-unlock = Entsperren
why-sign-in = Anmelden
why-clean-up = Cookie dieser Website löschen und neu versuchen
why-not-you = Wenn Sie es nicht waren
why-report = Ein Problem melden
why-report-hint = Kopieren Sie dies und senden Sie es an die Betreiber dieser Website, oder senden Sie es von hier aus. Es enthält kein Passwort und kein Cookie.
why-report-label = Bericht
why-report-words = Möchten Sie etwas hinzufügen? Was Sie gerade taten und was Sie erwartet haben
why-report-send = Bericht senden
why-reported = Ihr Bericht ist angekommen. Seine Nummer ist { $id }: Damit finden ihn die Betreiber dieser Website.
