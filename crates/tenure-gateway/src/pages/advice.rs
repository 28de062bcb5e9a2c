//! Steps for the browser at hand when its cookies are the trouble.

use crate::browser::{Browser, Family, System};
use crate::language::{Language, Message};

/// What can be done, with a heading.
pub(crate) struct Advice<'a> {
    pub(crate) heading: Message<'a>,
    pub(crate) steps: Vec<Message<'a>>,
}

/// Where to let this site keep cookies.
pub(crate) fn allow_cookies<'a>(browser: &Browser, language: Language) -> Advice<'a> {
    let key = match (browser.family, browser.system) {
        (Family::Safari, System::Ios | System::IpadOs) => "advice-allow-safari-mobile",
        (Family::Safari, _) => "advice-allow-safari",
        (Family::Firefox, _) => "advice-allow-firefox",
        (Family::Edge, _) => "advice-allow-edge",
        (Family::Chrome, _) => "advice-allow-chrome",
        _ => "advice-allow-other",
    };
    let heading = match browser.family {
        Family::Other => language.say("advice-allow-heading-other"),
        family => language.say("advice-allow-heading").value("browser", family.name()),
    };
    Advice { heading, steps: steps(key, language) }
}

/// Where to delete this site's cookies by hand, should the button not be enough.
pub(crate) fn delete_cookies<'a>(browser: &Browser, language: Language) -> Advice<'a> {
    let key = match (browser.family, browser.system) {
        (Family::Safari, System::Ios | System::IpadOs) => "advice-delete-safari-mobile",
        (Family::Safari, _) => "advice-delete-safari",
        (Family::Firefox, _) => "advice-delete-firefox",
        (Family::Edge | Family::Chrome, _) => "advice-delete-chrome",
        _ => "advice-delete-other",
    };
    let heading = match browser.family {
        Family::Other => language.say("advice-delete-heading-other"),
        family => language.say("advice-delete-heading").value("browser", family.name()),
    };
    Advice { heading, steps: steps(key, language) }
}

/// The message and those of the attributes that it has.
fn steps<'a>(key: &str, language: Language) -> Vec<Message<'a>> {
    let keys = ["", ".two", ".three"].iter().map(|step| format!("{key}{step}"));
    keys.filter(|key| language.has(key)).map(|key| language.say(key)).collect()
}
