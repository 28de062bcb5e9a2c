### What can be done in the browser at hand. Names of menus are those that the browser itself shows in this language.
### The message is the first step, its attributes the others.

advice-allow-heading = Allowing cookies in { $browser }
advice-allow-heading-other = Allowing cookies in your browser
advice-delete-heading = If the button does not help: cookies in { $browser }
advice-delete-heading-other = If the button does not help: cookies in your browser

-reload-and-sign-in = Reload this page and sign in again.

advice-allow-safari-mobile = Open the Settings app, then Apps, then Safari, then Advanced.
    .two = Switch “Block All Cookies” off.
    .three = Come back to this page and sign in again.
advice-allow-safari = In the menu bar choose Safari, then Settings, then Advanced.
    .two = Clear the box “Block all cookies”.
    .three = { -reload-and-sign-in }
advice-allow-firefox = Click the shield beside the address and switch enhanced protection off for this site, or
    .two = open Settings, then Privacy & Security, then “Manage Exceptions” under cookies, and allow this site.
    .three = { -reload-and-sign-in }
advice-allow-edge = Open Settings, then Privacy, search and services, then Cookies.
    .two = Switch on that sites may save and read cookie data, or add this site to the allowed ones.
    .three = { -reload-and-sign-in }
advice-allow-chrome = Click the symbol left of the address, then “Cookies and site data”, and allow them for this site.
    .two = If they are blocked everywhere: Settings, then Privacy and security, then Site settings, then On-device site data.
    .three = { -reload-and-sign-in }
advice-allow-other = Open your browser's settings and look for cookies or site data.
    .two = Allow them for this site, then reload this page and sign in again.

advice-delete-safari-mobile = Open the Settings app, then Apps, then Safari, then Advanced, then Website Data.
    .two = Find this site and swipe to delete it.
advice-delete-safari = In the menu bar choose Safari, then Settings, then Privacy, then “Manage Website Data”.
    .two = Find this site and remove it.
advice-delete-firefox = Click the padlock beside the address, then “Clear cookies and site data”.
    .two = Confirm, and reload this page.
advice-delete-chrome = Click the symbol left of the address, then “Cookies and site data”, then “Manage on-device site data”.
    .two = Delete the entries of this site, and reload this page.
advice-delete-other = Open your browser's settings and look for cookies or site data.
    .two = Delete what belongs to this site, and reload this page.
