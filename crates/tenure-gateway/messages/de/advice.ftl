### Was im jeweiligen Browser zu tun ist. Die Namen der Menüs sind die, die der Browser selbst auf Deutsch zeigt.
### Die Nachricht ist der erste Schritt, ihre Attribute sind die weiteren.

advice-allow-heading = Cookies erlauben in { $browser }
advice-allow-heading-other = Cookies erlauben in Ihrem Browser
advice-delete-heading = Wenn die Schaltfläche nicht hilft: Cookies in { $browser }
advice-delete-heading-other = Wenn die Schaltfläche nicht hilft: Cookies in Ihrem Browser

-reload-and-sign-in = Laden Sie diese Seite neu und melden Sie sich wieder an.

advice-allow-safari-mobile = Öffnen Sie die App „Einstellungen“, dann „Apps“, „Safari“ und „Erweitert“.
    .two = Schalten Sie „Alle Cookies blockieren“ aus.
    .three = Kommen Sie auf diese Seite zurück und melden Sie sich wieder an.
advice-allow-safari = Wählen Sie in der Menüleiste „Safari“, dann „Einstellungen“ und „Erweitert“.
    .two = Entfernen Sie das Häkchen bei „Alle Cookies blockieren“.
    .three = { -reload-and-sign-in }
advice-allow-firefox = Klicken Sie auf das Schild-Symbol neben der Adresse und schalten Sie den verbesserten Tracking-Schutz für diese Website aus, oder
    .two = öffnen Sie „Einstellungen“, dann „Datenschutz & Sicherheit“ und bei den Cookies „Ausnahmen verwalten“, und erlauben Sie diese Website.
    .three = { -reload-and-sign-in }
advice-allow-edge = Öffnen Sie „Einstellungen“, dann „Datenschutz, Suche und Dienste“ und „Cookies“.
    .two = Schalten Sie ein, dass Websites Cookiedaten speichern und lesen dürfen, oder nehmen Sie diese Website in die Liste der erlaubten auf.
    .three = { -reload-and-sign-in }
advice-allow-chrome = Klicken Sie auf das Symbol links neben der Adresse, dann auf „Cookies und Websitedaten“, und erlauben Sie sie für diese Website.
    .two = Wenn sie überall blockiert sind: „Einstellungen“, dann „Datenschutz und Sicherheit“, „Website-Einstellungen“ und „Websitedaten auf dem Gerät“.
    .three = { -reload-and-sign-in }
advice-allow-other = Öffnen Sie die Einstellungen Ihres Browsers und suchen Sie nach Cookies oder Websitedaten.
    .two = Erlauben Sie sie für diese Website, laden Sie dann diese Seite neu und melden Sie sich wieder an.

advice-delete-safari-mobile = Öffnen Sie die App „Einstellungen“, dann „Apps“, „Safari“, „Erweitert“ und „Website-Daten“.
    .two = Suchen Sie diese Website und löschen Sie sie durch Wischen.
advice-delete-safari = Wählen Sie in der Menüleiste „Safari“, dann „Einstellungen“, „Datenschutz“ und „Websitedaten verwalten“.
    .two = Suchen Sie diese Website und entfernen Sie sie.
advice-delete-firefox = Klicken Sie auf das Schloss-Symbol neben der Adresse, dann auf „Cookies und Website-Daten löschen“.
    .two = Bestätigen Sie und laden Sie diese Seite neu.
advice-delete-chrome = Klicken Sie auf das Symbol links neben der Adresse, dann auf „Cookies und Websitedaten“ und „Websitedaten auf dem Gerät verwalten“.
    .two = Löschen Sie die Einträge dieser Website und laden Sie diese Seite neu.
advice-delete-other = Öffnen Sie die Einstellungen Ihres Browsers und suchen Sie nach Cookies oder Websitedaten.
    .two = Löschen Sie, was zu dieser Website gehört, und laden Sie diese Seite neu.
