//! Steps for the browser at hand when its cookies are the trouble.

use crate::browser::{Browser, Family, System};

/// Where to let this site keep cookies, one step a line.
pub(crate) fn allow_cookies(browser: &Browser) -> Vec<&'static str> {
    match (browser.family, browser.system) {
        (Family::Safari, System::Ios | System::IpadOs) => vec![
            "Open the Settings app, then Apps, then Safari, then Advanced.",
            "Switch “Block All Cookies” off.",
            "Come back to this page and sign in again.",
        ],
        (Family::Safari, _) => vec![
            "In the menu bar choose Safari, then Settings, then Advanced.",
            "Clear the box “Block all cookies”.",
            "Reload this page and sign in again.",
        ],
        (Family::Firefox, _) => vec![
            "Click the shield beside the address and switch enhanced protection off for this site, or",
            "open Settings, then Privacy & Security, then “Manage Exceptions” under cookies, and allow this site.",
            "Reload this page and sign in again.",
        ],
        (Family::Edge, _) => vec![
            "Open Settings, then Privacy, search and services, then Cookies.",
            "Switch on that sites may save and read cookie data, or add this site to the allowed ones.",
            "Reload this page and sign in again.",
        ],
        (Family::Chrome, _) => vec![
            "Click the symbol left of the address, then “Cookies and site data”, and allow them for this site.",
            "If they are blocked everywhere: Settings, then Privacy and security, then Site settings, then On-device site data.",
            "Reload this page and sign in again.",
        ],
        _ => vec![
            "Open your browser's settings and look for cookies or site data.",
            "Allow them for this site, then reload this page and sign in again.",
        ],
    }
}

/// Where to delete this site's cookies by hand, should the button not be enough.
pub(crate) fn delete_cookies(browser: &Browser) -> Vec<&'static str> {
    match (browser.family, browser.system) {
        (Family::Safari, System::Ios | System::IpadOs) => vec![
            "Open the Settings app, then Apps, then Safari, then Advanced, then Website Data.",
            "Find this site and swipe to delete it.",
        ],
        (Family::Safari, _) => vec![
            "In the menu bar choose Safari, then Settings, then Privacy, then “Manage Website Data”.",
            "Find this site and remove it.",
        ],
        (Family::Firefox, _) => vec![
            "Click the padlock beside the address, then “Clear cookies and site data”.",
            "Confirm, and reload this page.",
        ],
        (Family::Edge | Family::Chrome, _) => vec![
            "Click the symbol left of the address, then “Cookies and site data”, then “Manage on-device site data”.",
            "Delete the entries of this site, and reload this page.",
        ],
        _ => vec![
            "Open your browser's settings and look for cookies or site data.",
            "Delete what belongs to this site, and reload this page.",
        ],
    }
}
